#include "agent/storage/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <set>

#include "agent/core/sequence.h"
#include "agent/storage/attributes.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/source_file.h"
#include "agent/storage/stretch.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"

namespace crossdock::agent {
namespace {

using wire::Entry;
using wire::EntryType;
using wire::Reason;

std::string Join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

const char* KindOf(mode_t mode) {
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "a device" : "a special file";
}

class Scanner {
 public:
  Scanner(const Volume& volume, const ScanOptions& options, std::string marker, std::stop_token stop,
          ScanResult* result)
      : volume_(volume), options_(options), marker_(std::move(marker)), stop_(std::move(stop)), result_(*result) {}

  // All of `directory`; its own path relative to the package is `path`.
  absl::Status Directory(base::UniqueFd directory, const std::string& path, size_t depth) {
    FrameSequences frames;
    RETURN_IF_ERROR(EachName(directory.get(), path, [&](const std::string& name) -> absl::Status {
      if (stop_.stop_requested()) return Fail(Reason::kCancelled, "the scan was stopped");
      ASSIGN_OR_RETURN(const bool is_file, One(directory.get(), path, name, depth));
      if (is_file) frames.Add(name);
      return absl::OkStatus();
    }));
    Gaps(path, frames);
    return absl::OkStatus();
  }

  // One name of `directory`. True when it is a file that was listed.
  absl::StatusOr<bool> One(int directory, const std::string& path, const std::string& name, size_t depth) {
    const std::string full = Join(path, name);
    if (const auto problem = wire::CheckName(name)) {
      Find(*problem, full, "this name may not cross to another site; rename it");
      return false;
    }
    if (full.size() > wire::kPathSizeMax || depth > wire::kPathDepthMax) {
      Find(Reason::kNameTooLong, full, "the path is too long or too deep");
      return false;
    }
    struct stat info {};
    if (fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return false;  // gone since it was listed: then it is not part of the package
      return SourceError(errno, "cannot look at", full);
    }
    if (full == marker_) return false;
    Note(full, info);
    if (S_ISREG(info.st_mode)) return File(directory, name, full, info);
    if (S_ISLNK(info.st_mode)) return Link(directory, name, full);
    if (!S_ISDIR(info.st_mode)) {
      Find(Reason::kSpecialFile, full, base::StrCat("is ", KindOf(info.st_mode), ", which has no content to send"));
      return false;
    }
    base::UniqueFd below = OpenBeneath(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!below) {
      Find(errno == EXDEV ? Reason::kSymlinkOutside : Reason::kSourceUnreadable, full, "cannot be opened");
      return false;
    }
    RETURN_IF_ERROR(AddDirectory(directory, name, full, info));
    RETURN_IF_ERROR(Directory(std::move(below), full, depth + 1));
    return false;
  }

  // Remembers what of the package changed last.
  void Note(const std::string& path, const struct stat& info) {
    const int64_t changed = std::max(Nanoseconds(info.st_mtim), Nanoseconds(info.st_ctim));
    if (changed < result_.changed_ns) return;
    result_.changed_ns = changed;
    result_.changed_path = path;
  }

  // The directory `name` in another one, or that one itself when `name` is ".".
  absl::Status AddDirectory(int directory, const std::string& name, const std::string& path, const struct stat& info) {
    if (!directories_.insert(path).second) return absl::OkStatus();
    Entry entry;
    entry.path = path;
    entry.type = EntryType::kDirectory;
    entry.mtime_ns = Nanoseconds(info.st_mtim);
    entry.mode = info.st_mode & 0777;
    return AddWithAttributes(directory, name, std::move(entry));
  }

  // Into the manifest's order; of the names of one file all but the first become links to it.
  void Finish() {
    std::vector<Entry>& entries = result_.manifest.entries;
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
    entries.erase(
        std::unique(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path == b.path; }),
        entries.end());
    for (auto& [inode, names] : names_of_) {
      std::sort(names.begin(), names.end());
      const auto first = std::make_shared<const std::string>(names.front());
      for (const std::string& name : names) {
        if (name == *first) continue;
        Entry link;
        link.path = name;
        link.type = EntryType::kHardLink;
        link.link_target = first;
        *std::lower_bound(entries.begin(), entries.end(), name, [](const Entry& entry, const std::string& path) {
          return entry.path < path;
        }) = std::move(link);
      }
    }
  }

  void Gaps(const std::string& path, const FrameSequences& frames) {
    for (const SequenceGap& gap : frames.Gaps()) {
      Find(Reason::kFramesMissing, Join(path, gap.pattern), gap.missing, /*blocking=*/false);
    }
  }

  void Find(Reason code, const std::string& path, std::string detail, bool blocking = true) {
    ++result_.findings_total;
    if (blocking && !result_.reason) {
      result_.reason = code;
      result_.detail = base::StrCat("'", base::PercentEscape(path), "': ", detail);
    }
    if (result_.findings.size() < kFindingsMax) result_.findings.push_back({code, path, std::move(detail), blocking});
  }

 private:
  // One by one, so that the names of a large directory are not in memory twice.
  template <typename Take>
  absl::Status EachName(int directory, const std::string& path, Take take) {
    DIR* const raw = fdopendir(dup(directory));
    if (raw == nullptr) return SourceError(errno, "cannot list", path);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(raw, closedir);
    while (true) {
      errno = 0;
      const dirent* const item = readdir(stream.get());
      if (item == nullptr) break;
      const std::string_view name = static_cast<const char*>(item->d_name);
      if (name == "." || name == ".." || (name == kStagingRoot && IsVolumeRoot(directory))) continue;
      if (result_.manifest.entries.size() >= wire::kManifestEntriesMax) {
        return Fail(Reason::kPackageTooLarge, "a package has at most ", wire::kManifestEntriesMax, " files");
      }
      RETURN_IF_ERROR(take(std::string(name)));
    }
    if (errno != 0) return SourceError(errno, "cannot list", path);
    return absl::OkStatus();
  }

  bool IsVolumeRoot(int directory) const {
    struct stat a {
    }, b{};
    return fstat(directory, &a) == 0 && fstat(volume_.root(), &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
  }

  absl::StatusOr<bool> File(int directory, const std::string& name, const std::string& full, const struct stat& info) {
    if (faccessat(directory, name.c_str(), R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) != 0) {
      Find(Reason::kSourceUnreadable, full, "the agent's user may not read it");
      return false;
    }
    if (info.st_size == 0) {
      Find(Reason::kFileEmpty, full, "has no content", !options_.allow_empty_files);
    }
    if (info.st_nlink > 1) names_of_[{info.st_dev, info.st_ino}].push_back(full);
    Entry entry;
    entry.path = full;
    entry.size = static_cast<uint64_t>(info.st_size);
    entry.mtime_ns = Nanoseconds(info.st_mtim);
    entry.inode = info.st_ino;
    entry.mode = info.st_mode & 0777;
    if (MayHaveHoles(info)) {
      const base::UniqueFd fd = OpenBeneath(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
      const uint64_t holes = fd ? CountHoles(fd.get(), entry.size) : 0;
      entry.sparse = holes > 0;
      result_.holes += holes;
    }
    RETURN_IF_ERROR(AddWithAttributes(directory, name, std::move(entry)));
    return true;
  }

  absl::Status AddWithAttributes(int directory, const std::string& name, Entry entry) {
    if (!volume_.options().keep_attributes) return Add(std::move(entry));
    auto attributes = ReadAttributes(directory, name, entry.path);
    if (attributes.ok() && !attributes->empty()) {
      entry.attributes = std::make_shared<const wire::Attributes>(*std::move(attributes));
    } else if (base::ReasonOf(attributes.status()) == Name(Reason::kAttributesTooLarge)) {
      Find(Reason::kAttributesTooLarge, entry.path, std::string(base::ToStd(attributes.status().message())));
    } else {
      RETURN_IF_ERROR(attributes.status());
    }
    return Add(std::move(entry));
  }

  absl::Status Add(Entry entry) {
    text_ += wire::TextSize(entry);
    if (text_ > wire::kManifestTextMax) {
      return Fail(Reason::kPackageTooLarge, "the names of a package have at most ", wire::kManifestTextMax, " bytes");
    }
    result_.manifest.entries.push_back(std::move(entry));
    return absl::OkStatus();
  }

  absl::StatusOr<bool> Link(int directory, const std::string& name, const std::string& full) {
    char target[wire::kPathSizeMax + 1];
    const ssize_t size = readlinkat(directory, name.c_str(), target, sizeof target);
    if (size < 0) return SourceError(errno, "cannot read the link", full);
    const std::string_view text(target, static_cast<size_t>(size));
    if (!wire::LinkStaysInside(full, text)) {
      Find(Reason::kSymlinkOutside, full,
           base::StrCat("leads out of the package, or climbs behind a name, to ", base::PercentEscape(text)));
      return false;
    }
    Entry entry;
    entry.path = full;
    entry.type = EntryType::kSymlink;
    entry.link_target = std::make_shared<const std::string>(text);
    RETURN_IF_ERROR(Add(std::move(entry)));
    return false;
  }

  const Volume& volume_;
  const ScanOptions& options_;
  const std::string marker_;
  const std::stop_token stop_;
  ScanResult& result_;
  std::set<std::string> directories_;
  uint64_t text_ = 0;
  // Of files that have more than one; some of them may be outside the package.
  std::map<std::pair<dev_t, ino_t>, std::vector<std::string>> names_of_;
};

// The named files, and the directories on the way to them.
absl::Status ScanFiles(Scanner& scanner, int root, const std::vector<std::string>& files) {
  FrameSequences frames;
  const std::set<std::string> once(files.begin(), files.end());
  for (const std::string& file : once) {
    RETURN_IF_ERROR(wire::RequirePath(file));
    for (size_t slash = file.find('/'); slash != std::string::npos; slash = file.find('/', slash + 1)) {
      const std::string above = file.substr(0, slash);
      struct stat info {};
      const base::UniqueFd fd = OpenBeneath(root, above, O_PATH | O_DIRECTORY);
      if (!fd || fstat(fd.get(), &info) != 0) return SourceError(errno, "cannot open", above);
      RETURN_IF_ERROR(scanner.AddDirectory(fd.get(), ".", above, info));
    }
    std::string name;
    const base::UniqueFd parent = OpenParent(root, file, &name);
    struct stat info {};
    if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      return SourceError(errno, "cannot find", file);
    }
    const size_t slash = file.rfind('/');
    ASSIGN_OR_RETURN(const bool is_file,
                     scanner.One(parent.get(), slash == std::string::npos ? "" : file.substr(0, slash), name, 1));
    if (is_file) frames.Add(file);
  }
  scanner.Gaps("", frames);
  return absl::OkStatus();
}

absl::Status RequireMarker(int root, const std::string& marker) {
  if (marker.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(wire::RequirePath(marker));
  if (root >= 0 && OpenBeneath(root, marker, O_PATH | O_NOFOLLOW)) return absl::OkStatus();
  if (root >= 0 && errno != ENOENT && errno != ENOTDIR) return SourceError(errno, "cannot look for", marker);
  return Fail(Reason::kSourceNotReady, "the marker '", base::PercentEscape(marker),
              "' is not there yet; the package is looked at again");
}

}  // namespace

absl::Status RequireQuiet(const ScanResult& result, std::chrono::seconds quiet, base::Instant now) {
  if (quiet.count() == 0) return absl::OkStatus();
  const base::Instant changed{
      std::chrono::duration_cast<base::Instant::duration>(std::chrono::nanoseconds(result.changed_ns))};
  if (changed + quiet <= now) return absl::OkStatus();
  const auto ago = std::chrono::duration_cast<std::chrono::seconds>(now - changed).count();
  const std::string path = result.changed_path.empty() ? "." : base::PercentEscape(result.changed_path);
  if (ago < 0) {
    return Fail(Reason::kSourceNotReady, "'", path, "' changed ", -ago,
                " s in the future: the storage's clock is ahead");
  }
  return Fail(Reason::kSourceNotReady, "'", path, "' changed ", ago, " s ago; it must be quiet for ", quiet.count(),
              " s");
}

absl::StatusOr<ScanResult> Scan(const Volume& volume, const PackagePath& package, const ScanOptions& options,
                                std::stop_token stop) {
  if (!package.path.empty()) RETURN_IF_ERROR(wire::RequirePath(package.path));
  ScanResult result;
  result.root = package.path;
  std::vector<std::string> files = package.files;
  base::UniqueFd root = OpenBeneath(volume.root(), package.path, O_RDONLY | O_DIRECTORY);
  if (!root && errno == ENOTDIR && files.empty()) {
    const size_t slash = package.path.rfind('/');
    result.form = wire::PackageForm::kFile;
    result.root = slash == std::string::npos ? "" : package.path.substr(0, slash);
    files = {slash == std::string::npos ? package.path : package.path.substr(slash + 1)};
    root = OpenBeneath(volume.root(), result.root, O_RDONLY | O_DIRECTORY);
  } else if (!files.empty()) {
    result.form = wire::PackageForm::kFiles;
  }
  RETURN_IF_ERROR(RequireMarker(root.get(), package.marker));
  if (!root) return SourceError(errno, base::StrCat("on volume '", volume.name(), "' cannot open"), package.path);

  Scanner scanner(volume, options, package.marker, std::move(stop), &result);
  struct stat info {};
  if (files.empty() && fstat(root.get(), &info) == 0) scanner.Note("", info);
  if (files.empty()) {
    RETURN_IF_ERROR(scanner.Directory(std::move(root), "", 1));
  } else {
    RETURN_IF_ERROR(ScanFiles(scanner, root.get(), files));
  }
  scanner.Finish();
  if (result.manifest.files() == 0 && !result.reason) {
    scanner.Find(Reason::kPackageEmpty, package.path, "there is no file in it");
  }
  result.listing_digest = wire::ListingDigest(result.manifest);
  return result;
}

absl::StatusOr<ScanResult> RequireSendable(absl::StatusOr<ScanResult> result) {
  if (result.ok() && result->reason) return wire::Refuse(*result->reason, result->detail);
  return result;
}

}  // namespace crossdock::agent
