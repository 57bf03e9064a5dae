// Whole directory trees: walking, comparing, syncing, removing. Always beneath a directory that is open, never through
// a link.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/storage/file_calls.h"

namespace crossdock::agent {

// The names in `directory`, without `.` and `..`, in no order, at most `names_max`. `path` is for the error's sentence.
absl::StatusOr<std::vector<std::string>> ListDirectory(int directory, const std::string& path,
                                                       size_t names_max = SIZE_MAX);

// Calls `each` for every name below `directory`, a directory before what it holds; paths are relative to it. `each` may
// remove the name that it was called for. An error of it ends the walk.
absl::Status WalkTree(int directory,
                      const std::function<absl::Status(const std::string& path, const struct stat&)>& each);

// Removes `name` in `directory` with all below. Nothing there is fine.
absl::Status RemoveTree(int directory, const std::string& name, FileCalls& calls);

// Syncs `directory` and every directory below.
absl::Status SyncDirectories(int directory, FileCalls& calls);

// True when both names are regular files with the same bytes, or links with the same target.
absl::StatusOr<bool> SameContent(int dir_a, const std::string& a, int dir_b, const std::string& b, FileCalls& calls);

}  // namespace crossdock::agent
