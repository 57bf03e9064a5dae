// Names of files are bytes from an enemy. Both ends ask here before they believe one: the sender's scan, and the
// receiver for every manifest entry, before anything touches its filesystem.
//
// Pure and thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "lib/wire/reason.h"

namespace crossdock::wire {

inline constexpr size_t kNameSizeMax = 255;   // NAME_MAX
inline constexpr size_t kPathSizeMax = 4095;  // PATH_MAX without its NUL
inline constexpr size_t kPathDepthMax = 64;

// What is wrong with one component of a path: empty, above 255 bytes, `.` or `..`, a slash, NUL or another control
// character (C0, DEL, C1, line and paragraph separator), not UTF-8, invisible (zero-width, bidirectional, tags).
std::optional<Reason> CheckName(std::string_view name);

// What is wrong with a relative path: any of its components, its size, its depth, a slash at either end or twice.
std::optional<Reason> CheckPath(std::string_view path);

// Refuses `path` with the reason and the escaped path in the sentence.
absl::Status RequirePath(std::string_view path);

// True when a symbolic link at `path` to `target` stays inside the tree that `path` is relative to, whatever other
// links that tree holds: the target is relative, each of its names is sound, and `..` stands only before them, not
// more often than `path` is deep. A `..` behind a name climbs from wherever that name leads, which may be another link.
bool LinkStaysInside(std::string_view path, std::string_view target);

}  // namespace crossdock::wire
