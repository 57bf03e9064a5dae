// What stands at a package's place, and how one name gets there without ever taking another's.
#pragma once

#include <sys/stat.h>

#include <string>

#include "absl/status/statusor.h"
#include "agent/storage/volume.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

// DESTINATION_EXISTS.
absl::Status AlreadyThere(const std::string& path);

// Where the staged `path` belongs, relative to the volume.
std::string TargetOf(wire::PackageForm form, const std::string& destination, const std::string& path);

// 0 when nothing stands at `path` beneath `directory`; no link is followed.
ino_t InodeAt(int directory, const std::string& path);

absl::Status SyncDirectory(Volume& volume, int directory, const std::string& path);

// One staged file, and the name that it is to have.
struct Naming {
  int from_dir = -1;
  std::string from;
  int to_dir = -1;
  std::string to;
  std::string path;  // of the target, for errors
  bool replace = false;
  int scratch = -1;  // with `replace`: a directory on the same filesystem for a name of its own
};
// Gives it the name: by a link, which never replaces anything; where there are none, by a rename that does not either.
// The same content under that name is success. Another is DESTINATION_EXISTS, or with `replace` gives way at once,
// unless it is a directory. A name that the storage can give in neither way is MERGE_NOT_WHOLE.
absl::Status GiveName(Volume& volume, const Naming& naming);

// Whether two files of the volume are the same, or how the one at `path` differs.
enum class Standing { kNothing, kSame, kOther, kDirectory };
absl::StatusOr<Standing> Compare(Volume& volume, int data, const std::string& staged, int there,
                                 const std::string& path);

}  // namespace crossdock::agent
