// The parts of parse.h, one file each; for parse.cc only.
#pragma once

#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/policy/policy.h"
#include "lib/yaml/map.h"

namespace crossdock::policy::internal {

inline Place PlaceOf(const yaml::Node& node) { return {node.line, node.column}; }

// An identifier: 1 … 64 of A-Z a-z 0-9 . _ -, so that it needs no quotes or escapes anywhere.
absl::StatusOr<std::string> ReadId(yaml::Map& map, std::string_view key);
bool IsId(std::string_view text);

// Complains about the first of `keys` that is there: the language has it, this version does not.
absl::Status RefuseUnsupported(yaml::Map& map, std::initializer_list<std::string_view> keys);

// `when:`.
absl::StatusOr<std::vector<Clause>> ReadWhen(yaml::Map when);
// `until:` of a rule; in a repeated hour the later instant for whatever tightens, the earlier for an allow.
absl::StatusOr<Deadline> ReadDeadline(yaml::Map& rule, Effect effect);

// What ids of the file mean, as far as it was read.
struct Names {
  Scope scope;  // whose file it is
  std::map<std::string, Requirement> requirements;
  std::map<std::string, std::string_view> calendar_files;  // that are at hand, by the SHA-256 of their bytes
  std::map<std::string, CalendarRef> calendars;
  std::set<std::string> used_calendars;
};

// `calendars:`.
absl::Status ReadCalendars(yaml::Map& policy, Policy& parsed, Names& names);

// `require:`.
absl::StatusOr<Require> ReadRequire(yaml::Map require, Names& names);

// `obligations:` of a rule.
absl::StatusOr<Obligations> ReadObligations(yaml::Map obligations, const Scope& scope);

// `break_glass:` of a policy.
absl::StatusOr<BreakGlass> ReadBreakGlass(yaml::Map break_glass, const Scope& scope);

// `verify:`, of a rule or expected by a test; landed when it is absent.
absl::StatusOr<VerifyLevel> ReadVerify(yaml::Map& map);

// `window:` of `require:`.
absl::StatusOr<Window> ReadWindow(yaml::Map window, Names& names);

// `fixture:` and `tests:`.
absl::StatusOr<std::vector<PolicyTest>> ReadTests(yaml::Map& policy, const Policy& parsed);

}  // namespace crossdock::policy::internal
