// Small files of our own: configuration, keys, state. Never content, which has its own careful path.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::base {

// The whole of `path`; an error when it is larger than `size_max` bytes.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t size_max = 16u << 20);

// Replaces `path` so that after a crash the old or the new content is there, never a mixture: temporary file in the
// same directory, fsync, rename, fsync of the directory. `mode` as chmod takes it, so 0600 for secrets.
absl::Status WriteFileAtomic(const std::string& path, std::string_view content, int mode = 0644);

}  // namespace crossdock::base
