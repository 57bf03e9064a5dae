// Strict YAML: text in, a map out, or one complaint with file, line, column and what to write instead.
//
// Refused: duplicate keys, anchors, aliases, tags, directives, merge keys, several documents, empty values (null), keys
// that are not text, numbers that YAML 1.1 would read as octal, and every character that characters.h names - also when
// it comes from an escape. What is left has one reading. Pure and thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/yaml/map.h"

namespace crossdock::yaml {

inline constexpr size_t kTextMax = 256u << 10;  // bytes
inline constexpr int kDepthMax = 12;            // the outermost map is 1

// `file` is only for the complaints. The outermost node must be a map.
absl::StatusOr<Map> Parse(std::string_view text, std::string_view file);

}  // namespace crossdock::yaml
