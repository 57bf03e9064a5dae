// The life of a policy's versions: proposed, approved by another officer, in force, replaced. Every move is written
// with its event and its audit row, in one transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/policy/policy.h"
#include "orchestrator/core/policy_commands.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/store/policy_life.h"

namespace crossdock::orchestrator::engine {

absl::StatusOr<ProposedPolicy> ProposePolicy(const Context& context, const PolicyText& text,
                                             const std::vector<std::string>& accepted, bool validate_only,
                                             std::string_view actor);

// Keeps an officer's signed activation with the version that it names.
absl::StatusOr<PolicyName> ApprovePolicy(const Context& context, std::string_view activation, std::string_view actor);

// Puts an approved version in force; waiting and running transfers are decided again at once.
absl::StatusOr<PolicyName> ActivateApproved(const Context& context, std::string_view scope, std::string_view digest,
                                            std::string_view actor);
// Approves and activates; or rolls back to a version that was in force.
absl::StatusOr<PolicyName> ActivatePolicy(const Context& context, std::string_view activation, std::string_view actor);

absl::StatusOr<PolicyName> WithdrawPolicy(const Context& context, std::string_view scope, std::string_view digest,
                                          std::string_view actor);

// A policy as it was handed in, with all its calendars: CALENDAR_MISSING names the first whose file did not come along.
// Files that it does not name are left alone.
absl::StatusOr<policy::Policy> ReadWhole(const PolicyText& text);
// Of the files that came along those that `policy` names by digest.
std::vector<std::string> CalendarsOf(const policy::Policy& policy, const PolicyText& text);

// Whether it holds or forbids whatever comes, for good. Pure.
bool LetsNothingThrough(const policy::Policy& policy);
// Whether nothing gets through `after` that does not get through `before`: known exactly, or false. Pure.
bool OnlyTightens(const policy::Policy& before, const policy::Policy& after, base::Instant now);

}  // namespace crossdock::orchestrator::engine
