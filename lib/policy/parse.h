// Reads a policy file. Strict in every respect: what is unknown, doubtful or not built yet is refused with file, line,
// column and what to write instead; nothing is ignored. docs/policy_language.md is the reference. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

inline constexpr size_t kRulesMax = 500;
inline constexpr size_t kTestsMax = 1000;

// How many calendar files a policy may bind by digest.
inline constexpr size_t kCalendarFilesMax = 8;

// `file` is only for the complaints (kInvalidArgument, reason YAML_INVALID). `calendars` are files' bytes, in any
// order: each is taken for the calendar that names its SHA-256, and what nothing names is left alone. A calendar whose
// file is not among them is not known (Calendar::known). The policy's digest is the same with and without.
absl::StatusOr<Policy> Parse(std::string_view text, std::string_view file, std::span<const std::string> calendars = {});

}  // namespace crossdock::policy
