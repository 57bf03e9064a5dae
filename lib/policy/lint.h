// Findings about a policy that parses: what is useless, risky or names what does not exist. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

// What the officers' roster knows. Persons stand under their groups, teams and organisations.
struct Registry {
  using Members = std::map<std::string, std::set<std::string>, std::less<>>;
  std::set<std::string> sites;
  Members groups, teams, organisations;
  std::set<std::string> persons;
  // Whom the orchestrator knows how to tell; nothing: that is not known.
  std::optional<std::set<std::string>> recipients;
};

struct Finding {
  // `never-matches`, `unreachable`, `shadowed`, `allows-everything`, `allows-without-approvals`,
  // `trusts-asset-database`, `unknown-site`, `unknown-approvers`, `cannot-be-met`, `unknown-zone`,
  // `lapses-while-closed`, `never-open`, `calendar-ends`, `calendar-missing`, `review-overdue`, `unknown-recipient`,
  // `reminds-nobody`, `reminds-late`, `escalates-early`.
  std::string code;
  std::string rule;  // or empty
  Place place;
  std::string text;  // what is wrong; what to do
};

// `registry` may be null: then nothing is said about names. In the file's order.
std::vector<Finding> Lint(const Policy& policy, const Registry* registry, Instant now);

// What layers say of one another, besides what Lint says of each: `unreachable` and `shadowed` where a layer above
// stops all that a rule matches, `not-allowed-above` where no rule above allows anything of it. A show's rules are no
// obstacle to its client's: other shows have others. `layers` in any order, at most one a level; in the order of the
// files given.
struct LayerFinding {
  const Policy* policy = nullptr;  // whose rule it is; of `layers`
  Finding finding;
};
std::vector<LayerFinding> LintTogether(std::span<const Policy* const> layers);

// `file:line:column: [code] text`.
std::string FormatFinding(const Policy& policy, const Finding& finding);

}  // namespace crossdock::policy
