#include "agent/transfer/publish_merge.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "agent/record/record_files.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/destination.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

absl::Status NotWhole(const std::string& path, std::string_view why) {
  return Fail(Reason::kMergeNotWhole, "'", base::PercentEscape(path), "' stands there already, and ", why,
              "; only `merge: visible` can publish into it");
}

// An error of building the merged tree: the storage's way to say that it cannot, or its failure.
absl::Status BuildError(int error, std::string_view what, const std::string& path) {
  // EPERM: also the kernel's answer to links to other people's files (fs.protected_hardlinks).
  if (error == EPERM || error == EMLINK || error == EXDEV || IsUnsupported(error)) {
    return NotWhole(path, "its storage does not let what is in it be linked");
  }
  return DestinationError(error, what, path);
}

base::UniqueFd OpenDirectory(int directory, const std::string& name) {
  return OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY);
}

std::string Below(const std::string& path, const std::string& name) { return path.empty() ? name : path + "/" + name; }

// The directory that takes another's name has its owner, permissions, attributes and time.
absl::Status CopyDirectory(Volume& volume, int from, int to, const std::string& path) {
  struct stat info {
  }, made{};
  if (fstat(from, &info) != 0 || fstat(to, &made) != 0) return DestinationError(errno, "cannot look at", path);
  if ((info.st_uid != made.st_uid || info.st_gid != made.st_gid) && fchown(to, info.st_uid, info.st_gid) != 0) {
    return BuildError(errno, "cannot set the owner of", path);
  }
  char names[4096];
  const ssize_t size = flistxattr(from, names, sizeof names);
  if (size < 0 && !IsUnsupported(errno)) return BuildError(errno, "cannot read the attributes of", path);
  for (const char* name = names; name < names + size; name += std::string_view(name).size() + 1) {
    char value[4096];
    const ssize_t got = fgetxattr(from, name, value, sizeof value);
    if (got < 0 || volume.calls().SetAttribute(to, name, value, static_cast<size_t>(got)) != 0) {
      return BuildError(errno, "cannot copy the attributes of", path);
    }
  }
  const timespec times[2] = {info.st_atim, info.st_mtim};
  if (fchmod(to, info.st_mode & 07777) != 0 || futimens(to, times) != 0) {
    return DestinationError(errno, "cannot finish", path);
  }
  return absl::OkStatus();
}

// Gives everything in `from` a second name in `to`.
absl::Status LinkOld(Volume& volume, int from, int to, const std::string& path) {
  FileCalls& calls = volume.calls();
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(from, path));
  for (const std::string& name : names) {
    const std::string full = Below(path, name);
    struct stat info {};
    if (fstatat(from, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed meanwhile
      return DestinationError(errno, "cannot look at", full);
    }
    if (!S_ISDIR(info.st_mode)) {
      if (calls.Link(from, name, to, name) != 0 && errno != ENOENT) return BuildError(errno, "cannot link", full);
      continue;
    }
    if (calls.MakeDirectory(to, name, 0700) != 0) return DestinationError(errno, "cannot make", full);
    const base::UniqueFd inner_from = OpenDirectory(from, name);
    const base::UniqueFd inner_to = OpenDirectory(to, name);
    if (!inner_from || !inner_to) return BuildError(errno, "cannot open", full);
    RETURN_IF_ERROR(LinkOld(volume, inner_from.get(), inner_to.get(), full));
  }
  return CopyDirectory(volume, from, to, path);
}

// Gives everything that is staged in `data` a name below `to`, where `path` is.
absl::Status LinkNew(Volume& volume, int staging, int data, int to, const PublishJournal& journal) {
  KeptRecords records(volume, data, journal.destination);
  return WalkTree(data, [&](const std::string& path, const struct stat& info) -> absl::Status {
    if (records.StaysBehind(path)) return absl::OkStatus();
    Naming naming;
    naming.path = TargetOf(journal.form, journal.destination, path);
    const base::UniqueFd from = OpenParent(data, path, &naming.from);
    const base::UniqueFd into = OpenParent(to, path, &naming.to);
    if (!from || !into) return DestinationError(errno, "cannot open the place of", naming.path);
    if (S_ISDIR(info.st_mode)) {
      if (volume.calls().MakeDirectory(into.get(), naming.to, info.st_mode & 0777) == 0) return absl::OkStatus();
      if (errno != EEXIST) return DestinationError(errno, "cannot make", naming.path);
      return OpenDirectory(into.get(), naming.to) ? absl::OkStatus() : AlreadyThere(naming.path);
    }
    naming.from_dir = from.get();
    naming.to_dir = into.get();
    naming.replace = journal.replace;
    naming.scratch = staging;
    return GiveName(volume, naming);
  });
}

// In two empty directories, because the answer after the commit comes too late.
absl::Status TryExchange(Volume& volume, int staging, const std::string& path) {
  FileCalls& calls = volume.calls();
  absl::Status status;
  for (const char* name : {"try-a", "try-b"}) {
    if (calls.MakeDirectory(staging, name, 0700) != 0 && errno != EEXIST) {
      status = DestinationError(errno, "cannot make", name);
    }
  }
  if (status.ok() && calls.RenameExchange(staging, "try-a", staging, "try-b") != 0) {
    status = IsUnsupported(errno) ? NotWhole(path, "its storage cannot exchange two names")
                                  : DestinationError(errno, "cannot exchange the names of", path);
  }
  for (const char* name : {"try-a", "try-b"}) calls.Unlink(staging, name, AT_REMOVEDIR);
  return status;
}

// What came into the old directory after it was linked, and before it lost its name, follows.
class Latecomers {
 public:
  Latecomers(Volume& volume, int staging, int data, const PublishJournal& journal)
      : volume_(volume), staging_(staging), data_(data), journal_(journal) {}

  absl::Status Carry(int from, int to, const std::string& path) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(from, path));
    for (const std::string& name : names) RETURN_IF_ERROR(CarryOne(from, to, name, Below(path, name)));
    return absl::OkStatus();
  }

 private:
  absl::Status CarryOne(int from, int to, const std::string& name, const std::string& path) {
    struct stat old {
    }, now{};
    if (fstatat(from, name.c_str(), &old, AT_SYMLINK_NOFOLLOW) != 0) return absl::OkStatus();
    const bool there = fstatat(to, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && old.st_ino == now.st_ino) return absl::OkStatus();
    // The generation about this package stands in the new one.
    if (there && IsRecordChain(path) && !journal_.record.formats.empty()) return absl::OkStatus();
    if (S_ISDIR(old.st_mode) && (!there || S_ISDIR(now.st_mode))) return CarryDirectory(from, to, name, path, there);
    if (!there) return GiveName(volume_, {from, name, to, name, path, false, -1});
    if (InodeAt(data_, path) != 0) {
      if (journal_.replace) return absl::OkStatus();
      ASSIGN_OR_RETURN(const Standing standing, Compare(volume_, from, name, to, name));
      if (standing == Standing::kSame) return absl::OkStatus();
      // Somebody took a name of the package's in the last moment. Both stay.
      const std::string kept = base::StrCat(name, ".kept-", journal_.transfer);
      LOG_WARNING("a file came while its directory was published into; it is kept beside",
                  {{"transfer", journal_.transfer}});
      return GiveName(volume_, {from, name, to, kept, path, false, -1});
    }
    // Saved again meanwhile, by way of another file.
    if (old.st_mtim.tv_sec < now.st_mtim.tv_sec) return absl::OkStatus();
    return GiveName(volume_, {from, name, to, name, path, true, staging_});
  }

  absl::Status CarryDirectory(int from, int to, const std::string& name, const std::string& path, bool there) {
    if (!there && volume_.calls().MakeDirectory(to, name, 0755) != 0) {
      return DestinationError(errno, "cannot make", path);
    }
    const base::UniqueFd inner_from = OpenDirectory(from, name);
    const base::UniqueFd inner_to = OpenDirectory(to, name);
    if (!inner_from || !inner_to) return DestinationError(errno, "cannot open", path);
    return Carry(inner_from.get(), inner_to.get(), path);
  }

  Volume& volume_;
  const int staging_;
  const int data_;
  const PublishJournal& journal_;
};

// The directory that the package comes into.
std::string DirectoryInto(const PublishJournal& journal) {
  if (journal.form != wire::PackageForm::kFile) return journal.destination;
  const size_t slash = journal.destination.rfind('/');
  return slash == std::string::npos ? std::string() : journal.destination.substr(0, slash);
}

absl::Status OtherMarker(const PublishJournal& journal) {
  return Fail(Reason::kStagingBusy, "another transfer is being published into '",
              base::PercentEscape(journal.destination), "' (", kIncompleteMarker, " stands there)");
}

// Only the whole name is ever visible: the marker says whose it is from the beginning.
absl::Status SetMarker(Volume& volume, int staging, int directory, const PublishJournal& journal) {
  FileCalls& calls = volume.calls();
  const base::UniqueFd fd(calls.Create(staging, "marker", O_WRONLY, 0644));
  const auto size = static_cast<ssize_t>(journal.transfer.size());
  if (!fd || calls.WriteAt(fd.get(), journal.transfer.data(), journal.transfer.size(), 0) != size ||
      calls.Sync(fd.get()) != 0) {
    return DestinationError(errno, "cannot make", kIncompleteMarker);
  }
  const absl::Status named =
      GiveName(volume, {staging, "marker", directory, kIncompleteMarker, kIncompleteMarker, false, -1});
  if (base::ReasonOf(named) == Name(Reason::kDestinationExists)) return OtherMarker(journal);
  RETURN_IF_ERROR(named);
  return SyncDirectory(volume, directory, kIncompleteMarker);
}

// Names that are taken by other content are found before anything is changed.
absl::Status CheckNames(Volume& volume, int data, const PublishJournal& journal, uint64_t* files) {
  KeptRecords records(volume, data, journal.destination);
  return WalkTree(data, [&](const std::string& path, const struct stat& info) -> absl::Status {
    if (records.StaysBehind(path)) return absl::OkStatus();
    const std::string target = TargetOf(journal.form, journal.destination, path);
    if (S_ISDIR(info.st_mode)) {
      const base::UniqueFd there = OpenBeneath(volume.root(), target, O_PATH | O_DIRECTORY);
      return there || errno == ENOENT ? absl::OkStatus() : AlreadyThere(target);
    }
    ++*files;
    ASSIGN_OR_RETURN(const Standing there, Compare(volume, data, path, volume.root(), target));
    const bool taken = there == Standing::kDirectory || (there == Standing::kOther && !journal.replace);
    return taken ? AlreadyThere(target) : absl::OkStatus();
  });
}

absl::Status NameFiles(Volume& volume, int staging, int data, const PublishJournal& journal) {
  KeptRecords records(volume, data, journal.destination);
  return WalkTree(data, [&](const std::string& path, const struct stat& info) -> absl::Status {
    if (records.StaysBehind(path)) return absl::OkStatus();
    Naming naming;
    naming.path = TargetOf(journal.form, journal.destination, path);
    if (S_ISDIR(info.st_mode)) {
      const int error = MakeDirectories(volume.root(), naming.path, 0755, volume.calls());
      return error == 0 ? absl::OkStatus() : DestinationError(error, "cannot make", naming.path);
    }
    const base::UniqueFd from = OpenParent(data, path, &naming.from);
    const base::UniqueFd to = OpenParent(volume.root(), naming.path, &naming.to);
    if (!from || !to) return DestinationError(errno, "cannot open the place of", naming.path);
    naming.from_dir = from.get();
    naming.to_dir = to.get();
    naming.replace = journal.replace;
    naming.scratch = staging;
    RETURN_IF_ERROR(GiveName(volume, naming));
    return SyncDirectory(volume, to.get(), naming.path);
  });
}

}  // namespace

absl::Status BuildMerged(Volume& volume, int staging, JoinedRecord& record, PublishJournal* journal) {
  FileCalls& calls = volume.calls();
  RETURN_IF_ERROR(CheckNoMarker(volume, *journal));
  RETURN_IF_ERROR(TryExchange(volume, staging, journal->destination));
  const base::UniqueFd old = OpenDirectory(volume.root(), journal->destination);
  if (!old)
    return errno == ENOTDIR ? AlreadyThere(journal->destination)
                            : BuildError(errno, "cannot open", journal->destination);
  if (calls.MakeDirectory(staging, kMergedTree, 0700) != 0) return DestinationError(errno, "cannot make", kMergedTree);
  const base::UniqueFd merged = OpenDirectory(staging, kMergedTree);
  const base::UniqueFd data = OpenDirectory(staging, "data");
  if (!merged || !data) return DestinationError(errno, "cannot open", "data");
  RETURN_IF_ERROR(LinkOld(volume, old.get(), merged.get(), journal->destination));
  RETURN_IF_ERROR(LinkNew(volume, staging, data.get(), merged.get(), *journal));
  RETURN_IF_ERROR(record.Extend(merged.get()));
  RETURN_IF_ERROR(SyncDirectories(merged.get(), calls));
  struct stat merged_info {
  }, old_info{};
  if (fstat(merged.get(), &merged_info) != 0 || fstat(old.get(), &old_info) != 0) {
    return DestinationError(errno, "cannot look at", journal->destination);
  }
  journal->merged_inode = merged_info.st_ino;
  journal->old_inode = old_info.st_ino;
  // Its own name is durable with the journal that says so.
  return absl::OkStatus();
}

bool HasExchanged(int staging, const PublishJournal& journal) {
  return journal.merged_inode != 0 && InodeAt(staging, kMergedTree) == journal.old_inode;
}

absl::Status ExchangeMerged(Volume& volume, int staging, const PublishJournal& journal) {
  std::string name;
  const base::UniqueFd parent = OpenParent(volume.root(), journal.destination, &name);
  const base::UniqueFd data = OpenDirectory(staging, "data");
  if (!parent || !data) return DestinationError(errno, "cannot open the place of", journal.destination);
  if (!HasExchanged(staging, journal) && volume.calls().RenameExchange(staging, kMergedTree, parent.get(), name) != 0) {
    return DestinationError(errno, "cannot publish", journal.destination);
  }
  RETURN_IF_ERROR(SyncDirectory(volume, parent.get(), journal.destination));
  RETURN_IF_ERROR(SyncDirectory(volume, staging, kMergedTree));
  const base::UniqueFd old = OpenDirectory(staging, kMergedTree);
  const base::UniqueFd now = OpenDirectory(parent.get(), name);
  if (!old || !now) return DestinationError(errno, "cannot open", journal.destination);
  RETURN_IF_ERROR(Latecomers(volume, staging, data.get(), journal).Carry(old.get(), now.get(), ""));
  return SyncDirectories(now.get(), volume.calls());
}

absl::Status CheckNoMarker(Volume& volume, const PublishJournal& journal) {
  const base::UniqueFd marker = OpenBeneath(volume.root(), Below(DirectoryInto(journal), kIncompleteMarker), O_RDONLY);
  if (!marker) return absl::OkStatus();
  std::string transfer(256, '\0');
  const ssize_t got = volume.calls().Read(marker.get(), transfer.data(), transfer.size());
  transfer.resize(got < 0 ? 0 : static_cast<size_t>(got));
  return transfer == journal.transfer ? absl::OkStatus() : OtherMarker(journal);
}

absl::Status PublishInPlace(Volume& volume, int staging, JoinedRecord& record, const PublishJournal& journal) {
  const base::UniqueFd data = OpenDirectory(staging, "data");
  if (!data) return DestinationError(errno, "cannot open", "data");
  uint64_t files = 0;
  RETURN_IF_ERROR(CheckNames(volume, data.get(), journal, &files));
  const std::string into = DirectoryInto(journal);
  const bool one_file = journal.form == wire::PackageForm::kFile;
  const int error = one_file ? 0 : MakeDirectories(volume.root(), into, 0755, volume.calls());
  if (error != 0) return DestinationError(error, "cannot make", into);
  const base::UniqueFd directory = OpenDirectory(volume.root(), into);
  if (!directory) return DestinationError(errno, "cannot open", into);
  // One name is there or it is not; but two transfers may not add to one record at a time.
  const bool recorded = record.wanted() && Stands(directory.get(), mhl::kFolder);
  const bool marked = files > 1 || recorded;
  if (marked) RETURN_IF_ERROR(SetMarker(volume, staging, directory.get(), journal));
  RETURN_IF_ERROR(NameFiles(volume, staging, data.get(), journal));
  RETURN_IF_ERROR(record.Extend(directory.get()));
  if (!marked && one_file) return absl::OkStatus();
  RETURN_IF_ERROR(CheckNoMarker(volume, journal));
  if (volume.calls().Unlink(directory.get(), kIncompleteMarker, 0) != 0 && errno != ENOENT) {
    return DestinationError(errno, "cannot remove", kIncompleteMarker);
  }
  return SyncDirectory(volume, directory.get(), into);
}

}  // namespace crossdock::agent
