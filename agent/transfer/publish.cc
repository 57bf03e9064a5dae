#include "agent/transfer/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/staging.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::PackageForm;
using wire::Reason;

constexpr char kJournal[] = "journal";
constexpr size_t kJournalMax = 64u << 10;

absl::Status Exists(const std::string& path) {
  return Fail(Reason::kDestinationExists, "'", base::PercentEscape(path),
              "' is there already, with other content; nothing is overwritten");
}

// Where the staged `path` belongs.
std::string Target(PackageForm form, const std::string& destination, const std::string& path) {
  if (form == PackageForm::kFile) return destination;
  return destination.empty() ? path : destination + "/" + path;
}

// 0 when nothing stands at `path`.
ino_t InodeAt(const Volume& volume, const std::string& path) {
  std::string name;
  const base::UniqueFd parent = OpenParent(volume.root(), path, &name);
  struct stat info {};
  if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return info.st_ino;
}

// Counts the staged names that stand at the destination with the same content; DESTINATION_EXISTS for another.
absl::Status CompareStaged(Volume& volume, int data, PackageForm form, const std::string& destination, uint64_t* staged,
                           uint64_t* same) {
  return WalkTree(data, [&](const std::string& path, const struct stat& info) -> absl::Status {
    const std::string target = Target(form, destination, path);
    if (S_ISDIR(info.st_mode)) {
      const base::UniqueFd there = OpenBeneath(volume.root(), target, O_PATH | O_DIRECTORY);
      return there || errno == ENOENT ? absl::OkStatus() : Exists(target);
    }
    ++*staged;
    if (InodeAt(volume, target) == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const bool is_same, SameContent(data, path, volume.root(), target, volume.calls()));
    if (!is_same) return Exists(target);
    ++*same;
    return absl::OkStatus();
  });
}

// Whether what stands at `target` could be `entry`; another kind or size could not. `whole`: nothing there is another
// too.
bool MayBe(const Volume& volume, const std::string& target, const wire::Entry& entry, bool whole) {
  std::string name;
  const base::UniqueFd parent = OpenParent(volume.root(), target, &name);
  struct stat info {};
  if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return !whole;
  switch (entry.type) {
    case wire::EntryType::kDirectory:
      return S_ISDIR(info.st_mode);
    case wire::EntryType::kSymlink:
      return S_ISLNK(info.st_mode);
    case wire::EntryType::kFile:
      break;
  }
  return S_ISREG(info.st_mode) && static_cast<uint64_t>(info.st_size) == entry.size;
}

// Files, links and the like below `path`; a package is the whole directory.
absl::StatusOr<uint64_t> CountFiles(const Volume& volume, const std::string& path) {
  const base::UniqueFd directory = OpenBeneath(volume.root(), path, O_RDONLY | O_DIRECTORY);
  if (!directory) return DestinationError(errno, "cannot open", path);
  uint64_t files = 0;
  RETURN_IF_ERROR(WalkTree(directory.get(), [&](const std::string&, const struct stat& info) {
    if (!S_ISDIR(info.st_mode)) ++files;
    return absl::OkStatus();
  }));
  return files;
}

absl::Status WriteJournal(Volume& volume, int staging, const PublishJournal& journal) {
  const std::string bytes = Encode(journal);
  const base::UniqueFd fd = OpenBeneath(staging, "journal.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (!fd) return DestinationError(errno, "cannot make", kJournal);
  if (volume.calls().Write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    return DestinationError(errno, "cannot write", kJournal);
  }
  if (volume.calls().Sync(fd.get()) != 0 || renameat(staging, "journal.new", staging, kJournal) != 0 ||
      volume.calls().Sync(staging) != 0) {
    return DestinationError(errno, "cannot make durable", kJournal);
  }
  return absl::OkStatus();
}

absl::Status SyncParent(Volume& volume, int parent, const std::string& path) {
  return volume.calls().Sync(parent) == 0 ? absl::OkStatus()
                                          : DestinationError(errno, "cannot sync the place of", path);
}

// The package's directory as one name. NFS knows no RENAME_NOREPLACE: there an exclusive mkdir takes the name, and the
// rename replaces only an empty directory.
absl::Status MoveDirectory(Volume& volume, int staging, const PublishJournal& journal) {
  std::string name;
  const base::UniqueFd parent = OpenParent(volume.root(), journal.destination, &name);
  if (!parent) return DestinationError(errno, "cannot open the place of", journal.destination);
  int result = volume.calls().RenameNoReplace(staging, "data", parent.get(), name);
  if (result != 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
    result = mkdirat(parent.get(), name.c_str(), 0700);
    const bool made = result == 0;
    // Committed, so the name was free: an empty directory there is what a crash left between these two calls.
    if (made || errno == EEXIST) {
      result = renameat(staging, "data", parent.get(), name.c_str());
      if (result != 0 && made) {
        const int error = errno;
        unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR);
        errno = error;
      }
    }
  }
  const int error = errno;
  if (result != 0 && error != EEXIST && error != ENOTEMPTY && error != ENOENT) {
    return DestinationError(error, "cannot publish", journal.destination);
  }
  // Moved before a crash, by this very attempt? A directory keeps its inode when it is renamed.
  if (result != 0 && InodeAt(volume, journal.destination) != journal.data_inode) {
    return error == ENOENT ? DestinationError(error, "the staged tree is gone of", journal.destination)
                           : Exists(journal.destination);
  }
  return SyncParent(volume, parent.get(), journal.destination);
}

// Each file gets its name by a link, which never replaces anything; a filesystem without links renames.
absl::Status PlaceFiles(Volume& volume, int data, const PublishJournal& journal) {
  uint64_t staged = 0;
  uint64_t same = 0;
  RETURN_IF_ERROR(CompareStaged(volume, data, journal.form, journal.destination, &staged, &same));
  return WalkTree(data, [&](const std::string& path, const struct stat& info) -> absl::Status {
    const std::string target = Target(journal.form, journal.destination, path);
    if (S_ISDIR(info.st_mode)) {
      const int error = MakeDirectories(volume.root(), target, 0755, volume.calls());
      return error == 0 ? absl::OkStatus() : DestinationError(error, "cannot make", target);
    }
    std::string from_name, to_name;
    const base::UniqueFd from = OpenParent(data, path, &from_name);
    const base::UniqueFd to = OpenParent(volume.root(), target, &to_name);
    if (!from || !to) return DestinationError(errno, "cannot open the place of", target);
    int result = volume.calls().Link(from.get(), from_name, to.get(), to_name);
    if (result != 0 && errno != EEXIST) {
      result = volume.calls().RenameNoReplace(from.get(), from_name, to.get(), to_name);
    }
    if (result != 0 && errno != EEXIST) return DestinationError(errno, "cannot publish", target);
    if (result != 0) {
      ASSIGN_OR_RETURN(const bool is_same, SameContent(data, path, volume.root(), target, volume.calls()));
      if (!is_same) return Exists(target);
    }
    return SyncParent(volume, to.get(), target);
  });
}

absl::Status Move(Volume& volume, int staging, const PublishJournal& journal) {
  if (journal.already_present) return absl::OkStatus();
  const bool one = journal.form == PackageForm::kDirectory;
  const size_t slash = journal.destination.rfind('/');
  const std::string above = journal.form == PackageForm::kFiles ? journal.destination
                            : slash == std::string::npos        ? ""
                                                                : journal.destination.substr(0, slash);
  if (const int error = MakeDirectories(volume.root(), above, 0755, volume.calls()); error != 0) {
    return DestinationError(error, "cannot make", above);
  }
  if (one) return MoveDirectory(volume, staging, journal);
  const base::UniqueFd data = OpenBeneath(staging, "data", O_RDONLY | O_DIRECTORY);
  if (!data) return DestinationError(errno, "cannot open", "data");
  return PlaceFiles(volume, data.get(), journal);
}

}  // namespace

absl::Status EndPublish(Volume& volume, int staging) {
  if (unlinkat(staging, kJournal, 0) != 0 && errno != ENOENT) return DestinationError(errno, "cannot remove", kJournal);
  return SyncParent(volume, staging, kJournal);
}

absl::StatusOr<DestinationState> CheckDestination(Volume& volume, int data, PackageForm form,
                                                  const std::string& destination) {
  if (form == PackageForm::kDirectory && InodeAt(volume, destination) == 0) return DestinationState::kFree;
  if (form == PackageForm::kDirectory && !OpenBeneath(volume.root(), destination, O_PATH | O_DIRECTORY)) {
    return Exists(destination);
  }
  uint64_t staged = 0;
  uint64_t same = 0;
  RETURN_IF_ERROR(CompareStaged(volume, data, form, destination, &staged, &same));
  if (form != PackageForm::kDirectory) return same == staged ? DestinationState::kIdentical : DestinationState::kFree;
  // What is missing or besides makes it another.
  ASSIGN_OR_RETURN(const uint64_t there, CountFiles(volume, destination));
  if (same != staged || there != staged) return Exists(destination);
  return DestinationState::kIdentical;
}

absl::Status CheckDestinationListing(Volume& volume, const wire::Manifest& manifest, PackageForm form,
                                     const std::string& destination) {
  const bool whole = form == PackageForm::kDirectory;
  if (whole && InodeAt(volume, destination) == 0) return absl::OkStatus();
  uint64_t listed = 0;
  for (const wire::Entry& entry : manifest.entries) {
    const std::string target = Target(form, destination, entry.path);
    if (!MayBe(volume, target, entry, whole)) return Exists(whole ? destination : target);
    if (entry.type != wire::EntryType::kDirectory) ++listed;
  }
  if (!whole) return absl::OkStatus();
  if (!OpenBeneath(volume.root(), destination, O_PATH | O_DIRECTORY)) return Exists(destination);
  ASSIGN_OR_RETURN(const uint64_t there, CountFiles(volume, destination));
  return there == listed ? absl::OkStatus() : Exists(destination);
}

absl::StatusOr<PublishJournal> Publish(Volume& volume, int staging, PublishJournal journal,
                                       const CommitCallback& commit, const base::Clock& clock) {
  if (journal.phase == PublishPhase::kPrepared) {
    RETURN_IF_ERROR(WriteJournal(volume, staging, journal));
    const auto verdict = commit();
    if (!verdict.ok()) {
      return Fail(Reason::kCommitUnknown,
                  "the orchestrator's answer to the commit did not come: ", base::ToStd(verdict.status().message()));
    }
    switch (*verdict) {
      case CommitVerdict::kPublish:
        break;
      case CommitVerdict::kFenced:
        RETURN_IF_ERROR(EndPublish(volume, staging));
        return Fail(Reason::kCommitFenced, "a newer attempt exists, or the transfer has ended; nothing was published");
      case CommitVerdict::kRefused:
        RETURN_IF_ERROR(EndPublish(volume, staging));
        return Fail(Reason::kCommitRefused, "the transfer is no longer allowed; nothing was published");
    }
    journal.phase = PublishPhase::kCommitted;
    RETURN_IF_ERROR(WriteJournal(volume, staging, journal));
  }
  if (journal.phase == PublishPhase::kCommitted) {
    RETURN_IF_ERROR(Move(volume, staging, journal));
    // From here on the package is the site's: it may be moved or changed, and is not looked at again.
    journal.phase = PublishPhase::kPublished;
    journal.ended_us = clock.Now().time_since_epoch().count();
    RETURN_IF_ERROR(WriteJournal(volume, staging, journal));
  }
  return journal;
}

absl::StatusOr<std::vector<PendingPublish>> RecoverPublishes(Volume& volume, const std::string& agent) {
  std::vector<PendingPublish> pending;
  const base::UniqueFd root = OpenBeneath(volume.root(), kStagingRoot, O_RDONLY | O_DIRECTORY);
  if (!root && errno == ENOENT) return pending;
  if (!root) return DestinationError(errno, "cannot open", kStagingRoot);
  ASSIGN_OR_RETURN(const std::vector<std::string> transfers, ListDirectory(root.get(), kStagingRoot));
  for (const std::string& transfer : transfers) {
    const base::UniqueFd directory = OpenBeneath(root.get(), transfer, O_RDONLY | O_DIRECTORY);
    if (!directory) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> attempts, ListDirectory(directory.get(), transfer));
    for (const std::string& attempt : attempts) {
      const base::UniqueFd file = OpenBeneath(directory.get(), attempt + "/" + kJournal, O_RDONLY);
      if (!file) continue;
      std::string bytes(kJournalMax, '\0');
      const ssize_t got = volume.calls().Read(file.get(), bytes.data(), bytes.size());
      const auto journal = DecodeJournal(std::string_view(bytes).substr(0, got < 0 ? 0 : static_cast<size_t>(got)));
      if (!journal.ok()) {
        LOG_ERROR("a publish journal cannot be read", {{"transfer", transfer}, {"attempt", attempt}});
        continue;
      }
      if (journal->agent != agent) continue;
      pending.push_back({*journal, base::StrCat(std::string(kStagingRoot), "/", transfer, "/", attempt)});
    }
  }
  return pending;
}

absl::StatusOr<PublishJournal> FinishPublish(Volume& volume, const PendingPublish& pending,
                                             const CommitCallback& commit, const PublishedCallback& published,
                                             const base::Clock& clock) {
  const base::UniqueFd staging = OpenBeneath(volume.root(), pending.staging, O_RDONLY | O_DIRECTORY);
  if (!staging) return DestinationError(errno, "cannot open", pending.staging);
  ASSIGN_OR_RETURN(PublishJournal journal, Publish(volume, staging.get(), pending.journal, commit, clock));
  if (published) RETURN_IF_ERROR(published(journal));
  RETURN_IF_ERROR(EndPublish(volume, staging.get()));
  // The package is there: what is left in staging is litter, which a clean task removes later.
  const absl::Status removed = RemoveStaging(volume, journal.transfer, journal.agent, journal.epoch);
  if (!removed.ok())
    LOG_WARNING("staging is left over", {{"transfer", journal.transfer}, {"error", removed.ToString()}});
  return journal;
}

}  // namespace crossdock::agent
