#include "orchestrator/engine/withdrawals.h"

#include <string>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/approval.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/moves.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/objections.h"

namespace crossdock::orchestrator::engine {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::FailedPrecondition(parts...), reason);
}

// The live approval that the withdrawal names.
absl::StatusOr<store::Approval> Find(pg::Tx& tx, const Transfer& transfer, const trust::Withdrawal& said) {
  for (const store::Approval& approval : store::LiveApprovals(tx, transfer.id)) {
    ASSIGN_OR_RETURN(const std::string digest, trust::ApprovalDigest(approval.statement));
    if (digest == said.approval) return approval;
  }
  return base::WithReason(base::NotFound("transfer '", transfer.id, "' has no approval ", said.approval,
                                         " that counts; see `crossdock approval given ", transfer.id, "`"),
                          "APPROVAL_UNKNOWN");
}

// Whether what it says of the approval is so. An agent forgets it when the approval ends: it must not say another time.
absl::Status Check(const trust::VerifiedWithdrawal& withdrawal, const store::Approval& approval) {
  const trust::Withdrawal& said = withdrawal.statement;
  if (approval.approver != withdrawal.person) {
    return Refused(trust::kApproverMismatch, "that is the approval of '", approval.approver, "', not of '",
                   withdrawal.person, "'; only its approver takes it back");
  }
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(approval.statement));
  ASSIGN_OR_RETURN(const trust::Word word, trust::ReadWord(statement.statement()));
  if (word.statement.decision == trust::ApprovalDecision::kDeny) {
    return Refused("DENIAL_STANDS", "a denial is not taken back; make a new transfer if it may go after all");
  }
  if (said.not_after == word.statement.not_after && said.requirement == word.statement.requirement &&
      said.client == word.statement.client) {
    return absl::OkStatus();
  }
  return Refused("WITHDRAWAL_MISMATCH", "the withdrawal names another client, requirement or end than the approval");
}

absl::Status CheckInTime(const Transfer& transfer) {
  const State state = transfer.state;
  if (state != State::kPublishing && state != State::kDelivered && state != State::kClosed) return absl::OkStatus();
  return Refused("WITHDRAWAL_TOO_LATE", "transfer '", transfer.id, "' is ", Name(state),
                 ": everything had landed before, and what has landed this does not take back");
}

absl::StatusOr<Transfer> TakeBack(pg::Tx& tx, std::string_view id, std::string_view statement, std::string_view actor,
                                  base::Instant now) {
  ASSIGN_OR_RETURN(const Transfer transfer, Lock(tx, id));
  ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
  ASSIGN_OR_RETURN(const trust::VerifiedWithdrawal withdrawal, trust::VerifyWithdrawal(statement, roster, now));
  const trust::Withdrawal& said = withdrawal.statement;
  if (said.transfer != transfer.id) {
    return Refused(trust::kTransferMismatch, "the withdrawal is of transfer '", said.transfer, "'");
  }
  for (const store::Withdrawal& earlier : store::WithdrawalsOf(tx, id))
    if (earlier.approval == said.approval && earlier.approver == withdrawal.person) return transfer;
  RETURN_IF_ERROR(CheckInTime(transfer));
  ASSIGN_OR_RETURN(const store::Approval approval, Find(tx, transfer, said));
  RETURN_IF_ERROR(Check(withdrawal, approval));
  store::WithdrawApproval(tx, transfer.entity.client, approval.id,
                          {said.approval, transfer.id, said.requirement, withdrawal.person, said.reason,
                           std::string(statement), said.not_after, now});
  const std::string reason = base::PercentEscape(said.reason);
  const nlohmann::json detail = {{"requirement", said.requirement},
                                 {"approver", withdrawal.person},
                                 {"key", withdrawal.key_id},
                                 {"approval", said.approval},
                                 {"reason", reason},
                                 {"state", Name(transfer.state)}};
  store::Audit(
      tx, {0, now, transfer.entity.client, std::string(actor), "approval.withdrawn", transfer.id, "ok", detail.dump()});
  Reconsider(tx, transfer, withdrawal.person, trust::kApprovalWithdrawn,
             base::StrCat(withdrawal.name, " withdrew '", said.requirement, "'", reason.empty() ? "" : ": ", reason),
             now);
  return transfer;
}

}  // namespace

absl::Status WithdrawApproval(const Context& context, std::string_view transfer, std::string_view statement,
                              std::string_view actor) {
  const base::Instant now = context.clock.Now();
  const auto before = context.database.Transact(
      [&](pg::Tx& tx) -> absl::StatusOr<Transfer> { return TakeBack(tx, transfer, statement, actor, now); });
  RETURN_IF_ERROR(before.status());
  // Those that move its bytes first.
  context.wakes.WakeAgent(before->agent_from);
  context.wakes.WakeAgent(before->agent_to);
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWatch);
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
