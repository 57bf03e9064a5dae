// Reads a policy file. Strict in every respect: what is unknown, doubtful or not built yet is refused with file, line,
// column and what to write instead; nothing is ignored. docs/policy_language.md is the reference. Pure.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

inline constexpr size_t kRulesMax = 500;
inline constexpr size_t kTestsMax = 1000;

// `file` is only for the complaints (kInvalidArgument, reason YAML_INVALID).
absl::StatusOr<Policy> Parse(std::string_view text, std::string_view file);

}  // namespace crossdock::policy
