#include "orchestrator/engine/delegations.h"

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/clearance/clearance.h"
#include "lib/trust/approval.h"
#include "lib/trust/reasons.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decide.h"
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

namespace {

// Whether what it says of the delegation is so. An agent forgets it when the delegation ends: it must not say another
// time.
absl::Status Check(const trust::VerifiedDelegationEnd& end, const store::Delegation& delegation, base::Instant now) {
  const trust::DelegationEnd& said = end.statement;
  if (delegation.approver != end.person) {
    return base::WithReason(base::FailedPrecondition("that is the place of '", delegation.approver, "', not of '",
                                                     end.person, "'; only whose place it is ends it"),
                            trust::kApproverMismatch);
  }
  if (said.client != delegation.client || said.delegate != delegation.delegate ||
      said.not_after != delegation.not_after) {
    return base::WithReason(
        base::FailedPrecondition("the statement names another client, delegate or end than the delegation"),
        "DELEGATION_MISMATCH");
  }
  if (now < delegation.not_after) return absl::OkStatus();
  return base::WithReason(base::FailedPrecondition("'", delegation.delegate, "' stood in for '", delegation.approver,
                                                   "' until ", base::FormatSeconds(delegation.not_after)),
                          trust::kDelegationExpired);
}

}  // namespace

absl::Status EndDelegation(const Context& context, std::string_view statement, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  std::string client;
  bool ends = false;
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    ASSIGN_OR_RETURN(const trust::VerifiedDelegationEnd end, trust::VerifyDelegationEnd(statement, roster, now));
    const trust::DelegationEnd& said = end.statement;
    const std::optional<store::Delegation> delegation = store::GetDelegation(tx, said.delegation);
    if (!delegation) {
      return base::WithReason(
          base::NotFound("there is no delegation ", said.delegation, "; see `crossdock approval delegations`"),
          "DELEGATION_UNKNOWN");
    }
    RETURN_IF_ERROR(Check(end, *delegation, now));
    client = delegation->client;
    ends = store::EndDelegation(tx, said.delegation, statement, now);
    if (!ends) return absl::OkStatus();
    const nlohmann::json detail = {{"approver", said.approver},
                                   {"delegate", said.delegate},
                                   {"delegation", said.delegation},
                                   {"reason", base::PercentEscape(said.reason)},
                                   {"key", end.key_id}};
    store::Audit(tx, {0, now, client, std::string(actor), "approval.delegation_ended", "", "ok", detail.dump()});
    return absl::OkStatus();
  }));
  return ends ? ReconsiderAll(context, client, actor, trust::kDelegationEnded) : absl::OkStatus();
}

std::vector<std::string> DelegationsOf(pg::Tx& tx, std::string_view client, base::Instant now) {
  std::vector<std::string> statements;
  for (const store::Delegation& delegation :
       store::Delegations(tx, client, now, base::Instant(), "", static_cast<int>(clearance::kDelegationsMax)))
    statements.push_back(delegation.statement);
  return statements;
}

}  // namespace crossdock::orchestrator::engine
