#include "orchestrator/engine/delegations.h"

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/clearance/clearance.h"
#include "lib/trust/approval.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/delegations.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::engine {

absl::Status AddDelegation(const Context& context, std::string_view statement, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  ASSIGN_OR_RETURN(const std::string digest, trust::ApprovalDigest(statement));
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    ASSIGN_OR_RETURN(const trust::VerifiedDelegation delegation, trust::VerifyDelegation(statement, roster, now));
    const trust::Delegation& said = delegation.statement;
    if (DelegationsOf(tx, said.client, now).size() >= clearance::kDelegationsMax) {
      return base::WithReason(base::ResourceExhausted("there are ", clearance::kDelegationsMax,
                                                      " delegations already; wait until some have ended"),
                              "DELEGATIONS_TOO_MANY");
    }
    if (!store::InsertDelegation(tx, {digest, said.client, said.approver, said.delegate, said.reason,
                                      std::string(statement), said.not_before, said.not_after, now})) {
      return absl::OkStatus();
    }
    const nlohmann::json detail = {{"approver", said.approver},
                                   {"delegate", said.delegate},
                                   {"from", base::FormatSeconds(said.not_before)},
                                   {"until", base::FormatSeconds(said.not_after)},
                                   {"reason", base::PercentEscape(said.reason)},
                                   {"key", delegation.key_id}};
    store::Audit(tx, {0, now, said.client, std::string(actor), "approval.delegated", "", "ok", detail.dump()});
    return absl::OkStatus();
  });
}

std::vector<std::string> DelegationsOf(pg::Tx& tx, std::string_view client, base::Instant now) {
  std::vector<std::string> statements;
  for (const store::Delegation& delegation :
       store::Delegations(tx, client, now, base::Instant(), "", static_cast<int>(clearance::kDelegationsMax)))
    statements.push_back(delegation.statement);
  return statements;
}

}  // namespace crossdock::orchestrator::engine
