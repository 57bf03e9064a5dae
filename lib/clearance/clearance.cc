#include "lib/clearance/clearance.h"

#include <algorithm>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/clearance/facts.h"
#include "lib/policy/break_glass.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/values.h"

namespace crossdock::clearance {
namespace {

constexpr size_t kLayersMax = 3;

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
  if (request.delegations.size() > kDelegationsMax) {
    return Refused(trust::kClearanceInvalid, "transfer ", request.transfer, " brings ", request.delegations.size(),
                   " delegations; at most ", kDelegationsMax);
  }
  return absl::OkStatus();
}

std::string TextOf(const policy::Facts& facts, std::string_view name) {
  const policy::Fact* fact = facts.Find(name);
  const std::string* text = fact == nullptr ? nullptr : std::get_if<std::string>(&fact->value);
  return text == nullptr ? std::string() : *text;
}

trust::Binding BindingOf(const Request& request, const policy::Facts& facts, const VerifiedLayers& layers) {
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
  binding.policy = layers.digest();
  return binding;
}

// Who the statement says it is from, for people who look for a rejected approval.
std::string ClaimedApprover(std::string_view text) {
  const absl::StatusOr<trust::SignedStatement> statement = trust::SignedStatement::Parse(text);
  if (!statement.ok()) return "";
  const absl::StatusOr<trust::Word> word = trust::ReadWord(statement->statement());
  return word.ok() ? word->statement.approver : "";
}

// Those that count for this client's transfers. One that does not is as good as none: whoever relied on it shows as
// open.
void VerifyDelegations(const Request& request, const trust::Roster& roster, base::Instant now, Clearance& clearance) {
  for (const std::string& text : request.delegations) {
    absl::StatusOr<trust::VerifiedDelegation> delegation = trust::VerifyDelegation(text, roster, now);
    if (!delegation.ok()) continue;
    const absl::StatusOr<std::string> digest = trust::ApprovalDigest(text);
    if (!digest.ok() || request.ended.contains({*digest, delegation->delegator.person})) continue;
    const std::string& client = delegation->statement.client;
    if (client.empty() || client == clearance.binding.client) clearance.delegations.push_back(*std::move(delegation));
  }
}

// The voice of whoever said `own` in the place of the delegator. What was said before or after counts as their own.
std::optional<policy::Approval> InPlaceOf(const trust::VerifiedDelegation& delegation, const policy::Approval& own) {
  const trust::Delegation& said = delegation.statement;
  if (said.delegate != own.person || own.given < said.not_before || own.given >= said.not_after) return std::nullopt;
  policy::Approval voice = own;
  voice.in_place_of = delegation.delegator.person;
  voice.team = delegation.delegator.team;
  voice.organisation = delegation.delegator.organisation;
  voice.groups = delegation.delegator.groups;
  return voice;
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

// APPROVAL_WITHDRAWN when its own approver took it back. A no is not taken back.
absl::Status CheckNotWithdrawn(const Request& request, const std::string& text,
                               const trust::VerifiedApproval& approval) {
  if (request.withdrawn.empty() || approval.statement.decision == trust::ApprovalDecision::kDeny) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const std::string digest, trust::ApprovalDigest(text));
  if (!request.withdrawn.contains({digest, approval.person})) return absl::OkStatus();
  return Refused(trust::kApprovalWithdrawn, "'", approval.person, "' has withdrawn it; ask for a new one");
}

absl::StatusOr<trust::VerifiedApproval> VerifyOne(const Request& request, const std::string& text,
                                                  const trust::Roster& roster, const trust::Binding& binding,
                                                  base::Instant now) {
  ASSIGN_OR_RETURN(trust::VerifiedApproval approval, trust::VerifyApproval(text, roster, binding, now));
  RETURN_IF_ERROR(CheckNotWithdrawn(request, text, approval));
  return approval;
}

// Sorts the statements into those that count and those that do not.
void VerifyApprovals(const Request& request, const trust::Roster& roster, base::Instant now, Clearance& clearance) {
  for (size_t i = 0; i < request.approvals.size(); ++i) {
    const std::string& text = request.approvals[i];
    absl::StatusOr<trust::VerifiedApproval> approval = VerifyOne(request, text, roster, clearance.binding, now);
    if (approval.ok()) {
      clearance.accepted.push_back(*std::move(approval));
      continue;
    }
    clearance.rejected.push_back({i, ClaimedApprover(text), base::ReasonOf(approval.status()),
                                  std::string(base::ToStd(approval.status().message()))});
  }
}

base::Instant UntilOf(const Clearance& clearance, const trust::Roster& roster) {
  base::Instant until = roster.expires();
  if (clearance.decision.until) until = std::min(until, *clearance.decision.until);
  for (const trust::VerifiedApproval& approval : clearance.accepted) {
    if (approval.statement.decision == trust::ApprovalDecision::kApprove) {
      until = std::min(until, approval.statement.not_after);
    }
  }
  for (const trust::VerifiedDelegation& delegation : clearance.delegations) {
    until = std::min(until, delegation.statement.not_after);
  }
  if (clearance.break_glass) until = std::min(until, clearance.break_glass->statement.not_after);
  return until;
}

policy::Approval ToPolicy(const trust::Approver& approver) {
  policy::Approval out;
  out.person = approver.person;
  out.team = approver.team;
  out.organisation = approver.organisation;
  out.groups = approver.groups;
  return out;
}

// Who said no to content that is not hashed again yet, as after a retry; empty: nobody. Nothing else would count before
// that either, but a break-glass does not wait for it.
std::string WhoSaidNoToUnhashed(const Request& request, const trust::Roster& roster, base::Instant now,
                                const Clearance& clearance) {
  trust::Binding binding = clearance.binding;
  if (!binding.content.empty()) return "";
  for (const RejectedApproval& rejected : clearance.rejected) {
    const std::string& text = request.approvals[rejected.index];
    const absl::StatusOr<trust::SignedStatement> statement = trust::SignedStatement::Parse(text);
    if (!statement.ok()) continue;
    const absl::StatusOr<trust::Word> word = trust::ReadWord(statement->statement());
    if (!word.ok() || word->statement.decision != trust::ApprovalDecision::kDeny) continue;
    binding.content = word->statement.content;
    const auto no = trust::VerifyApproval(text, roster, binding, now);
    if (no.ok()) return no->person;
  }
  return "";
}

// Of what was decided without it. What is allowed anyway stays as it is.
absl::Status Break(const Request& request, const VerifiedLayers& layers, const trust::Roster& roster, base::Instant now,
                   Clearance& clearance) {
  ASSIGN_OR_RETURN(trust::VerifiedBreakGlass glass,
                   trust::VerifyBreakGlass(request.break_glass, roster, clearance.binding, now));
  if (clearance.decision.verdict == policy::Verdict::kAllow) return absl::OkStatus();
  ASSIGN_OR_RETURN(clearance.decision, LiftBy(glass, clearance, layers));
  clearance.break_glass = std::move(glass);
  return absl::OkStatus();
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

absl::StatusOr<VerifiedPolicy> VerifyPolicy(const SignedPolicy& signed_policy, const trust::Roster& roster,
                                            const SeenPolicy& seen, base::Instant now, policy::ParsedPolicies& parsed) {
  absl::StatusOr<std::shared_ptr<const policy::Policy>> policy =
      parsed.Parse(signed_policy.text, signed_policy.calendars);
  if (!policy.ok()) {
    return base::WithReason(absl::Status(policy.status().code(), policy.status().message()), trust::kPolicyInvalid);
  }
  const std::string key = policy::ScopeKey((*policy)->scope());
  ASSIGN_OR_RETURN(
      trust::PolicyActivation activation,
      trust::VerifyPolicyActivation(signed_policy.activation, roster, key, (*policy)->digest, seen(key), now));
  return VerifiedPolicy{*std::move(policy), std::move(activation)};
}

absl::Status CheckScope(const policy::Scope& scope, const trust::Binding& binding) {
  const bool client = scope.client.empty() || scope.client == binding.client;
  if (client && (scope.show.empty() || scope.show == binding.project)) return absl::OkStatus();
  return Refused(trust::kPolicyOfOtherClient, "the path belongs to client ", binding.client, ", show ", binding.project,
                 ", but the policy is that of ", policy::ScopeName(scope));
}

}  // namespace

SeenPolicy NothingSeen() {
  return [](const std::string&) { return std::nullopt; };
}

std::vector<const policy::Policy*> VerifiedLayers::policies() const {
  std::vector<const policy::Policy*> all;
  for (const VerifiedPolicy& layer : layers) all.push_back(layer.policy.get());
  return all;
}

std::string VerifiedLayers::digest() const { return policy::DigestOf(policies()); }

uint64_t VerifiedLayers::number() const {
  for (const VerifiedPolicy& layer : layers) {
    if (layer.policy->scope().level() == policy::Scope::Level::kClient) return layer.activation.number;
  }
  return 0;
}

absl::StatusOr<VerifiedLayers> VerifyLayers(std::span<const SignedPolicy> signed_policies, const trust::Roster& roster,
                                            const SeenPolicy& seen, base::Instant now, policy::ParsedPolicies* parsed) {
  if (signed_policies.size() > kLayersMax) {
    return Refused(trust::kClearanceInvalid, signed_policies.size(), " policies were handed in; at most ", kLayersMax,
                   ", one a layer");
  }
  policy::ParsedPolicies once;
  VerifiedLayers verified;
  for (const SignedPolicy& each : signed_policies) {
    ASSIGN_OR_RETURN(VerifiedPolicy layer, VerifyPolicy(each, roster, seen, now, parsed == nullptr ? once : *parsed));
    verified.layers.push_back(std::move(layer));
  }
  return verified;
}

absl::StatusOr<Clearance> Decide(const Request& request, const VerifiedLayers& layers, const trust::Roster& roster,
                                 base::Instant now) {
  RETURN_IF_ERROR(CheckShape(request));
  RETURN_IF_ERROR(roster.CheckFresh(now));
  Clearance clearance;
  ASSIGN_OR_RETURN(clearance.facts, CollectFacts(request, roster));
  clearance.roster_number = roster.number();
  clearance.policy_number = layers.number();
  clearance.binding = BindingOf(request, clearance.facts, layers);
  const std::vector<const policy::Policy*> policies = layers.policies();
  for (const policy::Policy* policy : policies) RETURN_IF_ERROR(CheckScope(policy->scope(), clearance.binding));
  // What is due says whether approvals must name the content; without it they name the listing alone.
  const policy::Inquiry inquiry(policies, clearance.facts, now);
  const bool binds_content = inquiry.binds_content();
  if (binds_content) clearance.binding.content = request.measured.content;
  VerifyDelegations(request, roster, now, clearance);
  VerifyApprovals(request, roster, now, clearance);
  // Content that nobody has hashed cannot have been approved; a denial holds without.
  const bool content_known = !binds_content || !request.measured.content.empty();
  for (const trust::VerifiedApproval& approval : clearance.accepted) {
    if (!content_known && approval.statement.decision == trust::ApprovalDecision::kApprove) continue;
    const policy::Approval own = ToPolicy(approval);
    clearance.voices.push_back(own);
    for (const trust::VerifiedDelegation& delegation : clearance.delegations) {
      if (std::optional<policy::Approval> voice = InPlaceOf(delegation, own)) clearance.voices.push_back(*voice);
    }
  }
  clearance.decision = inquiry.With(clearance.voices);
  clearance.no_to_unhashed = WhoSaidNoToUnhashed(request, roster, now, clearance);
  if (!request.break_glass.empty()) {
    const absl::Status broken = Break(request, layers, roster, now, clearance);
    if (!broken.ok())
      clearance.break_glass_refused =
          RefusedBreakGlass{base::ReasonOf(broken), std::string(base::ToStd(broken.message()))};
  }
  clearance.verdict = clearance.decision.verdict;
  clearance.until = UntilOf(clearance, roster);
  return clearance;
}

absl::StatusOr<policy::Decision> LiftBy(const trust::VerifiedBreakGlass& glass, const Clearance& clearance,
                                        const VerifiedLayers& layers) {
  if (!clearance.no_to_unhashed.empty()) {
    return Refused(policy::kBreakGlassCannotLift, "'", clearance.no_to_unhashed,
                   "' said no to it, and breaking the glass does not lift that");
  }
  return policy::Lift(clearance.decision, layers.policies(), ToPolicy(glass.first), ToPolicy(glass.second));
}

absl::Status CheckNoneMissing(const Clearance& clearance, const VerifiedLayers& layers, const SeenPolicy& seen) {
  const trust::Binding& binding = clearance.binding;
  const policy::Scope scopes[] = {{}, {binding.client, ""}, {binding.client, binding.project}};
  for (const policy::Scope& scope : scopes) {
    const auto has = [&](const VerifiedPolicy& layer) { return layer.policy->scope() == scope; };
    if (std::any_of(layers.layers.begin(), layers.layers.end(), has)) continue;
    const std::optional<trust::Seen> known = seen(policy::ScopeKey(scope));
    if (!known) continue;
    return Refused(trust::kPolicyLayerMissing, "policy ", known->number, " of ", policy::ScopeName(scope),
                   " was seen here, and this was decided without one; hand in all that are in force");
  }
  return absl::OkStatus();
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
  if (clearance.break_glass_refused) {
    text += base::StrCat(" (the break-glass does not count: ", clearance.break_glass_refused->reason, ", ",
                         clearance.break_glass_refused->text, ")");
  }
  return Refused(ReasonFor(clearance.verdict), text);
}

}  // namespace crossdock::clearance
