// Extended attributes: those of users ("user.…") belong to a package, those of the system and of security do not.
//
// Thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/storage/file_calls.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Those of the file or directory `name` in an open directory, without following a link; ordered by name. None where
// the filesystem knows none. Those that may not cross (wire::IsPortableAttribute) are left out. ATTRIBUTES_TOO_LARGE
// beyond the manifest's limits, a sentence about "it"; otherwise the errors of the source, with `path` in them.
absl::StatusOr<wire::Attributes> ReadAttributes(int directory, const std::string& name, const std::string& path);

// Gives them to an open file or directory, which must be writable by its owner. False where the filesystem takes none.
absl::StatusOr<bool> SetAttributes(int fd, const wire::Attributes& attributes, const std::string& path,
                                   FileCalls& calls);

}  // namespace crossdock::agent
