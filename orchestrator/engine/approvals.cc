#include "orchestrator/engine/approvals.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_split.h"
#include "lib/base/status.h"
#include "lib/policy/render.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/delegations.h"
#include "orchestrator/engine/facts.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

using nlohmann::json;

ApprovalSubject SubjectOf(const Transfer& transfer, const Cleared& cleared, const policy::RequirementStatus& open) {
  const trust::Binding& binding = cleared.clearance.binding;
  ApprovalSubject subject;
  subject.requirement = {open.id, open.count, {}, open.persons};
  for (const policy::ApproverSet& set : open.from) subject.requirement.from.push_back(policy::ApproverSetName(set));
  subject.policy = binding.policy;
  for (const store::Policy& policy : cleared.policies) {
    subject.policy_title += base::StrCat(subject.policy_title.empty() ? "" : "; ", policy.title);
  }
  subject.content_bound = cleared.clearance.decision.bind_content;
  subject.ready = !subject.content_bound || !binding.content.empty();
  subject.classification = binding.classification;
  subject.source = binding.source;
  subject.destination = binding.destination;
  subject.valid_for = std::chrono::duration_cast<std::chrono::seconds>(
      std::min<std::chrono::milliseconds>(open.valid_for, trust::kApprovalMax));
  for (const policy::Policy* layer : cleared.verified.policies()) {
    const std::vector<std::string> lines = absl::StrSplit(policy::Render(*layer), '\n', absl::SkipEmpty());
    subject.clauses.insert(subject.clauses.end(), lines.begin(), lines.end());
  }
  subject.asked = transfer.state_since;
  return subject;
}

// Whether `person` fills the requirement once their approval is in. A denial needs no place to fill, but somebody whose
// no ends it.
absl::Status CheckEligible(const clearance::Clearance& with, const trust::VerifiedApproval& approval) {
  if (approval.statement.decision == trust::ApprovalDecision::kDeny && with.decision.denied) return absl::OkStatus();
  for (const auto* list : {&with.decision.open, &with.decision.satisfied}) {
    for (const policy::RequirementStatus& status : *list) {
      if (status.id != approval.statement.requirement) continue;
      if (std::find(status.persons.begin(), status.persons.end(), approval.person) != status.persons.end())
        return absl::OkStatus();
    }
  }
  return base::WithReason(
      base::PermissionDenied(
          "an approval of '", approval.person, "' does not count for '", approval.statement.requirement,
          "': they are not among those who may give it, asked for this themselves, or fill another requirement"),
      "APPROVER_NOT_ELIGIBLE");
}

bool IsDue(const clearance::Clearance& clearance, std::string_view requirement) {
  const auto names = [&](const policy::RequirementStatus& status) { return status.id == requirement; };
  const policy::Decision& decision = clearance.decision;
  return std::any_of(decision.open.begin(), decision.open.end(), names) ||
         std::any_of(decision.satisfied.begin(), decision.satisfied.end(), names);
}

absl::StatusOr<trust::VerifiedApproval> Judge(pg::Tx& tx, const Transfer& transfer, const Cleared& cleared,
                                              std::string_view statement, base::Instant now) {
  ASSIGN_OR_RETURN(trust::VerifiedApproval approval,
                   trust::VerifyApproval(statement, cleared.roster, cleared.clearance.binding, now));
  if (cleared.clearance.decision.bind_content && transfer.content.empty() &&
      approval.statement.decision == trust::ApprovalDecision::kApprove) {
    return base::WithReason(
        base::FailedPrecondition("the policy binds approvals to the content, which is still being hashed; ask again"),
        "CONTENT_HASHING");
  }
  if (!IsDue(cleared.clearance, approval.statement.requirement)) {
    return base::WithReason(base::InvalidArgument("the policy asks for no '",
                                                  base::PercentEscape(approval.statement.requirement), "' here"),
                            "REQUIREMENT_UNKNOWN");
  }
  std::vector<std::string> approvals = cleared.approvals;
  approvals.emplace_back(statement);
  ASSIGN_OR_RETURN(const clearance::Clearance with,
                   clearance::Decide(
                       ClearanceRequest(transfer, std::move(approvals), DelegationsOf(tx, transfer.entity.client, now)),
                       cleared.verified, cleared.roster, now));
  RETURN_IF_ERROR(CheckEligible(with, approval));
  return approval;
}

// Everything in one transaction: a statement is never taken for a transfer that has changed meanwhile.
absl::StatusOr<Transfer> Take(const Context& context, pg::Tx& tx, std::string_view id, std::string_view statement,
                              std::string_view actor, base::Instant now) {
  ASSIGN_OR_RETURN(const Transfer transfer, Lock(tx, id));
  for (const store::Approval& earlier : store::LiveApprovals(tx, id))
    if (earlier.statement == statement) return transfer;
  if (transfer.state != State::kAwaitingApproval) {
    return base::WithReason(base::FailedPrecondition("transfer '", transfer.id, "' is ", Name(transfer.state),
                                                     " and waits for nobody's approval"),
                            "APPROVAL_NOT_ASKED");
  }
  ASSIGN_OR_RETURN(const Cleared cleared, Clear(tx, transfer, now, context.parsed.get()));
  ASSIGN_OR_RETURN(const trust::VerifiedApproval approval, Judge(tx, transfer, cleared, statement, now));
  const trust::ApprovalStatement& said = approval.statement;
  const std::string decision(trust::Name(said.decision));
  json detail = {{"requirement", said.requirement}, {"approver", approval.person}, {"key", approval.key_id}};
  if (!approval.reason.empty()) detail["reason"] = base::PercentEscape(approval.reason);
  store::InsertApproval(
      tx, transfer.entity.client,
      {0, transfer.id, said.requirement, approval.person, decision, std::string(statement), said.nonce, now});
  store::Audit(
      tx, {0, now, transfer.entity.client, std::string(actor), "approval.given", transfer.id, decision, detail.dump()});
  Reconsider(tx, transfer, approval.person, decision == "deny" ? "DENIED_BY_APPROVER" : "APPROVED",
             base::StrCat(approval.name, decision == "deny" ? " denied '" : " approved '", said.requirement, "'"), now);
  return transfer;
}

}  // namespace

absl::StatusOr<std::vector<ApprovalSubject>> OpenApprovals(const Context& context, const Transfer& transfer) {
  std::vector<ApprovalSubject> subjects;
  if (transfer.state != State::kAwaitingApproval) return subjects;
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::vector<ApprovalSubject>> {
    subjects.clear();
    ASSIGN_OR_RETURN(const Cleared cleared, Clear(tx, transfer, now, context.parsed.get()));
    for (const policy::RequirementStatus& open : cleared.clearance.decision.open)
      subjects.push_back(SubjectOf(transfer, cleared, open));
    return subjects;
  });
}

absl::Status SubmitApproval(const Context& context, std::string_view transfer, std::string_view statement,
                            std::string_view actor) {
  const base::Instant now = context.clock.Now();
  const auto taken = context.database.Transact(
      [&](pg::Tx& tx) -> absl::StatusOr<Transfer> { return Take(context, tx, transfer, statement, actor, now); });
  if (absl::IsAlreadyExists(taken.status())) {
    return base::WithReason(base::AlreadyExists("this approval was used before; sign a new one"), "APPROVAL_REPLAYED");
  }
  RETURN_IF_ERROR(taken.status());
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWatch);
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
