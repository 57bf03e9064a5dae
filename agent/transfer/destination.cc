#include "agent/transfer/destination.h"

#include <fcntl.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

constexpr char kReplacing[] = "replacing";

// The new file under a name of its own first, so that the old one gives way at once.
absl::Status Replace(Volume& volume, const Naming& naming) {
  FileCalls& calls = volume.calls();
  const auto failed = [&] { return DestinationError(errno, "cannot replace", naming.path); };
  if (calls.Unlink(naming.scratch, kReplacing, 0) != 0 && errno != ENOENT) return failed();
  const bool linked = calls.Link(naming.from_dir, naming.from, naming.scratch, kReplacing) == 0;
  if (!linked && errno != EPERM && !IsUnsupported(errno)) return failed();
  const int result = linked ? calls.Rename(naming.scratch, kReplacing, naming.to_dir, naming.to)
                            : calls.Rename(naming.from_dir, naming.from, naming.to_dir, naming.to);
  return result == 0 ? absl::OkStatus() : failed();
}

}  // namespace

absl::Status AlreadyThere(const std::string& path) {
  return Fail(Reason::kDestinationExists, "'", base::PercentEscape(path),
              "' is there already, with other content; nothing is overwritten");
}

std::string TargetOf(wire::PackageForm form, const std::string& destination, const std::string& path) {
  if (form == wire::PackageForm::kFile) return destination;
  return destination.empty() ? path : destination + "/" + path;
}

ino_t InodeAt(int directory, const std::string& path) {
  std::string name;
  const base::UniqueFd parent = OpenParent(directory, path, &name);
  struct stat info {};
  if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return 0;
  return info.st_ino;
}

absl::Status SyncDirectory(Volume& volume, int directory, const std::string& path) {
  return volume.calls().Sync(directory) == 0 ? absl::OkStatus()
                                             : DestinationError(errno, "cannot sync the place of", path);
}

absl::StatusOr<Standing> Compare(Volume& volume, int data, const std::string& staged, int there,
                                 const std::string& path) {
  std::string name;
  const base::UniqueFd parent = OpenParent(there, path, &name);
  struct stat info {};
  if (!parent || fstatat(parent.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? absl::StatusOr<Standing>(Standing::kNothing)
                           : DestinationError(errno, "cannot look at", path);
  }
  if (S_ISDIR(info.st_mode)) return Standing::kDirectory;
  ASSIGN_OR_RETURN(const bool same, SameContent(data, staged, there, path, volume.calls()));
  return same ? Standing::kSame : Standing::kOther;
}

absl::Status GiveName(Volume& volume, const Naming& naming) {
  FileCalls& calls = volume.calls();
  int result = calls.Link(naming.from_dir, naming.from, naming.to_dir, naming.to);
  if (result != 0 && (errno == EPERM || errno == EMLINK || IsUnsupported(errno))) {
    result = calls.RenameNoReplace(naming.from_dir, naming.from, naming.to_dir, naming.to);
    if (result != 0 && IsUnsupported(errno)) {
      return Fail(Reason::kMergeNotWhole, "the storage of '", base::PercentEscape(naming.path),
                  "' knows neither hard links nor renames that replace nothing; no file can be published there safely");
    }
  }
  if (result == 0) return absl::OkStatus();
  if (errno != EEXIST) return DestinationError(errno, "cannot publish", naming.path);
  ASSIGN_OR_RETURN(const Standing there, Compare(volume, naming.from_dir, naming.from, naming.to_dir, naming.to));
  if (there == Standing::kSame) return absl::OkStatus();
  if (there != Standing::kOther || !naming.replace) return AlreadyThere(naming.path);
  return Replace(volume, naming);
}

}  // namespace crossdock::agent
