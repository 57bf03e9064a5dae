// A candidate that is asked beside the version in force, at each decision that is new, and never acts.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/pg/tx.h"
#include "orchestrator/core/policy_commands.h"
#include "orchestrator/core/transfer.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::engine {

// In place of the scope's last one.
absl::StatusOr<PolicyName> StartShadow(const Context& context, const PolicyText& text, std::string_view actor);
// SHADOW_MISSING when there is none.
absl::Status StopShadow(const Context& context, std::string_view scope, std::string_view actor);

// Keeps what the candidates say otherwise of a decision that was just made, under its row's id. Whatever is wrong with
// a candidate stays its own matter: the decision stands. `parsed` as in Decide.
void AskShadows(pg::Tx& tx, const Transfer& transfer, const store::Decision& decision, policy::ParsedPolicies* parsed);

}  // namespace crossdock::orchestrator::engine
