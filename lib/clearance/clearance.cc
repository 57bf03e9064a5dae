#include "lib/clearance/clearance.h"

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/clearance/facts.h"
#include "lib/policy/parse.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/values.h"

namespace crossdock::clearance {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

absl::Status CheckShape(const Request& request) {
  if (!trust::IsId(request.transfer)) return Refused(trust::kClearanceInvalid, "the transfer has no id");
  if (!trust::IsDigest(request.measured.listing)) {
    return Refused(trust::kClearanceInvalid, "transfer ", request.transfer, " has no listing yet");
  }
  if (!request.measured.content.empty() && !trust::IsDigest(request.measured.content)) {
    return Refused(trust::kClearanceInvalid, "the content root of transfer ", request.transfer, " is no digest");
  }
  if (request.approvals.size() > kApprovalsMax) {
    return Refused(trust::kClearanceInvalid, "transfer ", request.transfer, " brings ", request.approvals.size(),
                   " approvals; at most ", kApprovalsMax);
  }
  return absl::OkStatus();
}

std::string TextOf(const policy::Facts& facts, std::string_view name) {
  const policy::Fact* fact = facts.Find(name);
  const std::string* text = fact == nullptr ? nullptr : std::get_if<std::string>(&fact->value);
  return text == nullptr ? std::string() : *text;
}

trust::Binding BindingOf(const Request& request, const policy::Facts& facts, const policy::Policy& policy) {
  trust::Binding binding;
  binding.transfer = request.transfer;
  binding.client = TextOf(facts, "asset.client");
  binding.project = TextOf(facts, "asset.project");
  binding.listing = request.measured.listing;
  binding.files = request.measured.files;
  binding.bytes = request.measured.bytes;
  binding.source = base::StrCat(request.source.site, "/", request.source.volume);
  binding.destination = base::StrCat(request.destination.site, "/", request.destination.volume);
  binding.classification = TextOf(facts, "asset.classification");
  binding.policy = policy.digest;
  return binding;
}

// Who the statement says it is from, for people who look for a rejected approval.
std::string ClaimedApprover(std::string_view text) {
  const absl::StatusOr<trust::SignedStatement> statement = trust::SignedStatement::Parse(text);
  if (!statement.ok()) return "";
  const absl::StatusOr<trust::ApprovalStatement> fields =
      trust::Decode<trust::ApprovalStatement>(statement->statement());
  return fields.ok() ? fields->approver : "";
}

policy::Approval ToPolicy(const trust::VerifiedApproval& approval) {
  policy::Approval out;
  out.requirement = approval.statement.requirement;
  out.person = approval.person;
  out.team = approval.team;
  out.organisation = approval.organisation;
  out.groups = approval.groups;
  switch (approval.statement.decision) {
    case trust::ApprovalDecision::kApprove:
      out.decision = policy::Approval::Decision::kApprove;
      break;
    case trust::ApprovalDecision::kDeny:
      out.decision = policy::Approval::Decision::kDeny;
      break;
  }
  out.given = approval.statement.not_before;
  return out;
}

// Sorts the statements into those that count and those that do not.
void VerifyApprovals(const Request& request, const trust::Roster& roster, base::Instant now, Clearance& clearance) {
  for (size_t i = 0; i < request.approvals.size(); ++i) {
    const std::string& text = request.approvals[i];
    absl::StatusOr<trust::VerifiedApproval> approval = trust::VerifyApproval(text, roster, clearance.binding, now);
    if (approval.ok()) {
      clearance.accepted.push_back(*std::move(approval));
      continue;
    }
    clearance.rejected.push_back({i, ClaimedApprover(text), base::ReasonOf(approval.status()),
                                  std::string(base::ToStd(approval.status().message()))});
  }
}

std::string_view ReasonFor(policy::Verdict verdict) {
  switch (verdict) {
    case policy::Verdict::kAllow:
      return "";
    case policy::Verdict::kNeedsApprovals:
      return trust::kClearanceNeedsApprovals;
    case policy::Verdict::kHold:
      return trust::kClearanceHeld;
    case policy::Verdict::kDeny:
      return trust::kClearanceDenied;
  }
  return trust::kClearanceDenied;
}

}  // namespace

absl::StatusOr<VerifiedPolicy> VerifyPolicy(std::string_view text, std::string_view signed_activation,
                                            const trust::Roster& roster, const std::optional<trust::Seen>& seen,
                                            base::Instant now) {
  absl::StatusOr<policy::Policy> policy = policy::Parse(text, "policy");
  if (!policy.ok()) {
    return base::WithReason(absl::Status(policy.status().code(), policy.status().message()), trust::kPolicyInvalid);
  }
  ASSIGN_OR_RETURN(trust::PolicyActivation activation,
                   trust::VerifyPolicyActivation(signed_activation, roster, policy->client, policy->digest, seen, now));
  return VerifiedPolicy{*std::move(policy), std::move(activation)};
}

absl::StatusOr<Clearance> Decide(const Request& request, const VerifiedPolicy& policy, const trust::Roster& roster,
                                 base::Instant now) {
  RETURN_IF_ERROR(CheckShape(request));
  RETURN_IF_ERROR(roster.CheckFresh(now));
  Clearance clearance;
  ASSIGN_OR_RETURN(clearance.facts, CollectFacts(request, roster));
  clearance.roster_number = roster.number();
  clearance.policy_number = policy.activation.number;
  clearance.binding = BindingOf(request, clearance.facts, policy.policy);
  if (policy.policy.client != clearance.binding.client) {
    return Refused(trust::kPolicyOfOtherClient, "the path belongs to client ", clearance.binding.client,
                   ", but the policy is of client ", policy.policy.client);
  }
  // What is due says whether approvals must name the content; without it they name the listing alone.
  clearance.decision = policy::Evaluate(policy.policy, clearance.facts, {}, now);
  if (clearance.decision.bind_content) clearance.binding.content = request.measured.content;
  VerifyApprovals(request, roster, now, clearance);
  // Content that nobody has hashed cannot have been approved; a denial holds without.
  const bool content_known = !clearance.decision.bind_content || !request.measured.content.empty();
  for (const trust::VerifiedApproval& approval : clearance.accepted) {
    if (content_known || approval.statement.decision == trust::ApprovalDecision::kDeny) {
      clearance.voices.push_back(ToPolicy(approval));
    }
  }
  clearance.decision = policy::Evaluate(policy.policy, clearance.facts, clearance.voices, now);
  clearance.verdict = clearance.decision.verdict;
  return clearance;
}

absl::Status ToStatus(const Clearance& clearance) {
  if (clearance.verdict == policy::Verdict::kAllow) return absl::OkStatus();
  std::string text = base::StrCat("policy ", clearance.policy_number, " of ", clearance.binding.client, " says ",
                                  policy::VerdictName(clearance.verdict));
  if (!clearance.decision.reasons.empty()) text += base::StrCat(": ", clearance.decision.reasons.front().text);
  if (!clearance.rejected.empty()) {
    const RejectedApproval& first = clearance.rejected.front();
    text += base::StrCat(" (an approval does not count: ", first.reason, ", ", first.text, ")");
  }
  return Refused(ReasonFor(clearance.verdict), text);
}

}  // namespace crossdock::clearance
