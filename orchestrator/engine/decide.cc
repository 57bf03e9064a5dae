#include "orchestrator/engine/decide.h"

#include <algorithm>
#include <set>
#include <utility>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/render.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decision_record.h"
#include "orchestrator/engine/delegations.h"
#include "orchestrator/engine/facts.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/engine/reminders.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/engine/shadow.h"
#include "orchestrator/store/break_glass.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

using nlohmann::json;
using policy::Verdict;

constexpr std::string_view kTime = "time";
constexpr std::string_view kDeniedByApprover = "DENIED_BY_APPROVER";
constexpr size_t kDecidedAtOnce = 200;
// What nobody told us of shows so soon, however long a decision is good for.
constexpr std::chrono::seconds kLookAgain{60};
// How long a site that cannot carry out an obligation is left alone before it is tried again.
constexpr std::chrono::minutes kMendWait{5};
// Nobody approved it for so long: whoever still wants it asks again.
constexpr std::chrono::days kWaitMax{31};

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.starts_with("- ")) line.remove_prefix(2);
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

OpenRequirement ToRequirement(const policy::RequirementStatus& status) {
  OpenRequirement requirement{status.id, status.count, {}, status.persons};
  for (const policy::ApproverSet& set : status.from) requirement.from.push_back(policy::ApproverSetName(set));
  return requirement;
}

std::string ReasonCode(const Transfer& transfer, const policy::Decision& decision) {
  switch (decision.verdict) {
    case Verdict::kAllow:
      return "";
    case Verdict::kNeedsApprovals:
      return decision.bind_content && transfer.content.empty() ? "CONTENT_HASHING" : "APPROVAL_MISSING";
    case Verdict::kHold:
      return "HELD_BY_POLICY";
    case Verdict::kDeny:
      break;
  }
  const bool by_person = !decision.reasons.empty() && decision.reasons.front().code.starts_with("denied-by-approver");
  return by_person ? std::string(kDeniedByApprover) : "DENIED_BY_POLICY";
}

// Those by which somebody's signature counts in another's place: the others say nothing of this transfer.
std::vector<std::string> RelevantDelegations(const Cleared& cleared) {
  std::vector<std::string> relevant;
  for (const std::string& text : cleared.delegations) {
    const auto statement = trust::SignedStatement::Parse(text);
    if (!statement.ok()) continue;
    const auto said = trust::Decode<trust::Delegation>(statement->statement());
    const auto& voices = cleared.clearance.voices;
    const bool counts = said.ok() && std::any_of(voices.begin(), voices.end(), [&](const policy::Approval& voice) {
                          return voice.person == said->delegate && voice.in_place_of == said->approver;
                        });
    if (counts) relevant.push_back(text);
  }
  return relevant;
}

// Who said no, when, and why in their own words.
std::string WordsOfDenial(const clearance::Clearance& clearance) {
  for (const trust::VerifiedApproval& approval : clearance.accepted) {
    const trust::ApprovalStatement& said = approval.statement;
    const bool ends = said.decision == trust::ApprovalDecision::kDeny && clearance.decision.denied &&
                      clearance.decision.denied->person == approval.person &&
                      clearance.decision.denied->requirement == said.requirement;
    if (!ends) continue;
    return base::StrCat(approval.name, " (", approval.person, ") denied '", said.requirement, "' at ",
                        base::FormatSeconds(said.not_before), approval.reason.empty() ? "" : ": ",
                        base::PercentEscape(approval.reason));
  }
  return clearance.decision.reasons.front().text;
}

Ruling ToRuling(const Transfer& transfer, const clearance::Clearance& clearance) {
  Ruling ruling;
  ruling.verdict = clearance.verdict;
  ruling.reason = ReasonCode(transfer, clearance.decision);
  ruling.lines = LinesOf(policy::Explain(clearance.decision));
  ruling.staging_keep = clearance.decision.obligations.delete_staging_within;
  ruling.notify = clearance.decision.obligations.notify;
  for (const policy::RequirementStatus& open : clearance.decision.open) {
    if (open.remind_after)
      ruling.remind_after = std::min(*open.remind_after, ruling.remind_after.value_or(*open.remind_after));
    for (const auto& [recipient, after] : open.escalate) {
      const auto [entry, is_new] = ruling.escalate.emplace(recipient, after);
      if (!is_new) entry->second = std::min(entry->second, after);
    }
  }
  ruling.scan = clearance.decision.obligations.scan;
  if (!clearance.decision.reasons.empty()) ruling.detail = clearance.decision.reasons.front().text;
  if (ruling.reason == kDeniedByApprover) {
    ruling.detail = WordsOfDenial(clearance);
    ruling.lines.push_back(base::StrCat(ruling.detail, ruling.detail.ends_with('.') ? "" : "."));
  }
  for (const auto* list : {&clearance.decision.open, &clearance.decision.satisfied})
    for (const policy::RequirementStatus& status : *list) ruling.requirements.push_back(ToRequirement(status));
  for (const policy::Approval& voice : clearance.voices) {
    if (voice.in_place_of.empty()) continue;
    ruling.lines.push_back(
        base::StrCat(voice.person, " signed '", voice.requirement, "' in the place of ", voice.in_place_of, "."));
  }
  if (clearance.break_glass) {
    const trust::BreakGlass& said = clearance.break_glass->statement;
    ruling.by_break_glass = true;
    ruling.lines.push_back(base::StrCat(said.first, " and ", said.second, " broke the glass until ",
                                        base::FormatSeconds(said.not_after), ": ", base::PercentEscape(said.reason)));
  }
  if (clearance.break_glass_refused) {
    ruling.lines.push_back(base::StrCat("The break-glass does not count: ", clearance.break_glass_refused->reason, ", ",
                                        clearance.break_glass_refused->text, "."));
  }
  for (const clearance::RejectedApproval& rejected : clearance.rejected) {
    ruling.lines.push_back(base::StrCat("An approval of '", rejected.approver, "' does not count: ", rejected.reason,
                                        ", ", rejected.text, "."));
  }
  return ruling;
}

// An agent says that its site cannot do what the policy obliges it to. IT may have mended that after a while.
bool WaitsForScan(const Transfer& transfer, const clearance::Clearance& clearance, base::Instant now) {
  if (!clearance.decision.obligations.scan || transfer.reason != kReleaseScanMissing) return false;
  return transfer.state == State::kDeciding ||
         (transfer.state == State::kHeld && now < transfer.state_since + kMendWait);
}

// The question itself was refused.
Ruling Refusal(const absl::Status& status) {
  Ruling ruling;
  ruling.reason = base::ReasonOf(status);
  const std::string_view reason = ruling.reason;
  const bool never =
      reason.starts_with("PATH_") || reason.starts_with("CLASSIFICATION_") || reason == trust::kPolicyOfOtherClient;
  ruling.verdict = never ? Verdict::kDeny : Verdict::kHold;
  ruling.detail = base::ToStd(status.message());
  ruling.lines.push_back(ruling.detail);
  return ruling;
}

json ToJson(const Ruling& ruling) {
  json requirements = json::array();
  for (const OpenRequirement& r : ruling.requirements) {
    requirements.push_back({{"id", r.id}, {"count", r.count}, {"from", r.from}, {"approved_by", r.approved_by}});
  }
  json result = {{"reason", ruling.reason},
                 {"detail", ruling.detail},
                 {"lines", ruling.lines},
                 {"requirements", std::move(requirements)}};
  // By these names the store finds them (staging.cc, notifications.cc, reminders.cc).
  if (ruling.staging_keep) result["delete_staging_within_ms"] = ruling.staging_keep->count();
  if (!ruling.notify.empty()) result["notify"] = ruling.notify;
  if (ruling.remind_after) result["remind_after_ms"] = ruling.remind_after->count();
  for (const auto& [recipient, after] : ruling.escalate) result["escalate_ms"][recipient] = after.count();
  // By this name ReadStored finds it.
  if (ruling.by_break_glass) result["break_glass"] = true;
  return result;
}

absl::StatusOr<Ruling> FromJson(const store::Decision& decision) {
  const json stored = json::parse(decision.result_json, nullptr, false);
  if (!stored.is_object()) return base::Internal("decision ", decision.id, " does not read as JSON");
  Ruling ruling;
  for (const Verdict verdict : {Verdict::kAllow, Verdict::kNeedsApprovals, Verdict::kHold, Verdict::kDeny})
    if (policy::VerdictName(verdict) == decision.verdict) ruling.verdict = verdict;
  ruling.reason = stored.value("reason", "");
  ruling.detail = stored.value("detail", "");
  ruling.lines = stored.value("lines", std::vector<std::string>());
  for (const json& r : stored.value("requirements", json::array())) {
    ruling.requirements.push_back({r.value("id", ""), r.value("count", 0), r.value("from", std::vector<std::string>()),
                                   r.value("approved_by", std::vector<std::string>())});
  }
  return ruling;
}

Cause CauseOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllow:
      return Cause::kAllowed;
    case Verdict::kNeedsApprovals:
      return Cause::kNeedsApprovals;
    case Verdict::kHold:
      return Cause::kHeldByPolicy;
    case Verdict::kDeny:
      break;
  }
  return Cause::kDenied;
}

// The first instant at which time alone may change the answer.
base::Instant DecideAgain(const Transfer& transfer, const absl::StatusOr<Cleared>& cleared, base::Instant now) {
  base::Instant again = now + kLookAgain;
  const auto no_later_than = [&](std::optional<base::Instant> instant) {
    if (instant && *instant > now) again = std::min(again, *instant);
  };
  no_later_than(transfer.deadline);
  if (cleared.ok()) no_later_than(cleared->clearance.until);
  return again;
}

// Each layer's own word, by which it replays.
std::vector<policy::StoredLayer> StoredLayers(const Cleared& cleared) {
  std::vector<policy::StoredLayer> stored;
  for (const clearance::VerifiedPolicy& layer : cleared.verified.layers) {
    const policy::Policy& policy = *layer.policy;
    for (const policy::LayerWord& word : cleared.clearance.decision.layers) {
      if (word.digest != policy.digest) continue;
      stored.push_back(policy::StoreLayer(policy, ScopeOf(policy), layer.activation.number, word));
      break;
    }
  }
  return stored;
}

// Deciding → wherever the policy sends it.
absl::Status Settle(const Context& context, pg::Tx& tx, const Transfer& transfer, base::Instant now) {
  ASSIGN_OR_RETURN(const Ruling ruling, Decide(tx, transfer, OccasionOf(transfer.reason), now, context.parsed.get()));
  const Cause cause = CauseOf(ruling.verdict);
  if (!store::MoveTransfer(tx, transfer, {cause, "policy", ruling.reason, ruling.detail, now})) return absl::OkStatus();
  KeepReminders(tx, transfer.id, ruling, now);
  if (cause != Cause::kAllowed) Report(tx, transfer, *Next(transfer.state, cause), ruling.detail, now);
  return absl::OkStatus();
}

// One that waits: expired, decided otherwise by now, or left alone for another while.
absl::Status LookAgain(const Context& context, pg::Tx& tx, const Transfer& transfer, base::Instant now) {
  const bool late = transfer.deadline && *transfer.deadline <= now;
  if (late || transfer.state_since + kWaitMax <= now) {
    const std::string detail = late ? "its deadline has passed" : "nobody decided over it for a month";
    if (store::MoveTransfer(tx, transfer, {Cause::kExpired, "orchestrator", "EXPIRED", detail, now}))
      Report(tx, transfer, State::kExpired, detail, now);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Ruling ruling, Decide(tx, transfer, kTime, now, context.parsed.get()));
  const std::optional<State> to = Next(State::kDeciding, CauseOf(ruling.verdict));
  if (to == transfer.state) {
    store::SetReason(tx, transfer.id, transfer.state, ruling.reason, ruling.detail);
    if (transfer.state == State::kAwaitingApproval) KeepReminders(tx, transfer.id, ruling, now);
    return absl::OkStatus();
  }
  Reconsider(tx, transfer, "policy", ruling.reason, ruling.detail, now);
  return absl::OkStatus();
}

// One batch; gives those that were in `deciding`.
absl::StatusOr<std::vector<Transfer>> DecideSome(const Context& context, pg::Tx& tx, base::Instant now) {
  for (const State state : {State::kHeld, State::kAwaitingApproval}) {
    for (const Transfer& transfer : store::TransfersToDecideAgain(tx, state, now, kDecidedAtOnce)) {
      RETURN_IF_ERROR(LookAgain(context, tx, transfer, now));
    }
  }
  // Those that were just reconsidered among them.
  std::vector<Transfer> deciding = store::TransfersInState(tx, State::kDeciding, now, kDecidedAtOnce);
  for (const Transfer& transfer : deciding) RETURN_IF_ERROR(Settle(context, tx, transfer, now));
  return deciding;
}

}  // namespace

absl::StatusOr<std::vector<store::Policy>> LayersOver(pg::Tx& tx, const Transfer& transfer,
                                                      const trust::Roster& roster) {
  const std::string& client = transfer.entity.client;
  // What is on no map is refused by clearance, with the reason; until then the layers that need no show will do.
  const auto mapped = roster.MapPath(transfer.volume, transfer.path);
  std::set<policy::Scope> scopes = {{}, {client, ""}};
  if (mapped.ok()) scopes.insert({client, mapped->project});
  std::vector<store::Policy> layers;
  bool has_clients = false;
  for (const policy::Scope& scope : scopes) {
    std::optional<store::Policy> layer = store::ActivePolicy(tx, policy::ScopeKey(scope));
    if (!layer) continue;
    has_clients |= scope.level() == policy::Scope::Level::kClient;
    layers.push_back(*std::move(layer));
  }
  if (!has_clients) {
    return base::WithReason(
        base::FailedPrecondition("client '", base::PercentEscape(client),
                                 "' has no active policy; see `crossdock policy propose` and `activate`"),
        "POLICY_MISSING");
  }
  return layers;
}

absl::StatusOr<Cleared> Clear(pg::Tx& tx, const Transfer& transfer, base::Instant now, policy::ParsedPolicies* parsed) {
  Cleared cleared;
  ASSIGN_OR_RETURN(cleared.roster, CurrentRoster(tx));
  ASSIGN_OR_RETURN(cleared.policies, LayersOver(tx, transfer, cleared.roster));
  std::vector<clearance::SignedPolicy> layers;
  for (const store::Policy& policy : cleared.policies)
    layers.push_back({policy.text, policy.statement, policy.calendars});
  ASSIGN_OR_RETURN(cleared.verified,
                   clearance::VerifyLayers(layers, cleared.roster, clearance::NothingSeen(), now, parsed));
  for (const store::Approval& approval : store::LiveApprovals(tx, transfer.id))
    cleared.approvals.push_back(approval.statement);
  // Without a signature there is nothing that could count in anybody's place.
  if (!cleared.approvals.empty()) cleared.delegations = DelegationsOf(tx, transfer.entity.client, now);
  cleared.break_glass = store::LiveBreakGlass(tx, transfer.id, now);
  clearance::Request request = ClearanceRequest(transfer, cleared.approvals, cleared.delegations);
  request.break_glass = cleared.break_glass;
  ASSIGN_OR_RETURN(cleared.clearance, clearance::Decide(request, cleared.verified, cleared.roster, now));
  return cleared;
}

absl::StatusOr<Ruling> Decide(pg::Tx& tx, const Transfer& transfer, std::string_view occasion, base::Instant now,
                              policy::ParsedPolicies* parsed) {
  absl::StatusOr<Cleared> cleared = Clear(tx, transfer, now, parsed);
  if (cleared.ok() && WaitsForScan(transfer, cleared->clearance, now)) {
    cleared = base::WithReason(base::FailedPrecondition(transfer.detail), kReleaseScanMissing);
  }
  if (!cleared.ok() && base::ReasonOf(cleared.status()).empty()) return cleared.status();
  const Ruling ruling = cleared.ok() ? ToRuling(transfer, cleared->clearance) : Refusal(cleared.status());
  store::Decision decision;
  decision.at = now;
  decision.occasion = occasion;
  decision.facts_json = FactsJson(AssertedFacts(transfer));
  decision.approvals_json = "[]";
  decision.verdict = policy::VerdictName(ruling.verdict);
  decision.result_json = ToJson(ruling).dump(-1, ' ', false, json::error_handler_t::replace);
  std::string verify = transfer.verify;
  bool content_wanted = transfer.content_wanted;
  if (cleared.ok()) {
    decision.policy = cleared->clearance.binding.policy;
    decision.roster = cleared->clearance.roster_number;
    decision.facts_json = FactsJson(cleared->clearance.facts);
    decision.layers_json = LayersJson(StoredLayers(*cleared));
    decision.voices_json = VoicesJson(cleared->clearance.voices);
    json signed_texts = cleared->approvals;
    for (const std::string& delegation : RelevantDelegations(*cleared)) signed_texts.push_back(delegation);
    if (ruling.by_break_glass) signed_texts.push_back(cleared->break_glass);
    decision.approvals_json = signed_texts.dump();
    verify = policy::VerifyName(cleared->clearance.decision.verify);
    content_wanted = cleared->clearance.decision.bind_content;
  }
  decision.outcome = OutcomeOf(decision);
  const store::KeptDecision kept = store::KeepDecision(tx, transfer, decision);
  decision.id = kept.id;
  if (kept.is_new) AskShadows(tx, transfer, decision, parsed);
  store::SetDecision(tx, transfer.id,
                     {kept.id, decision.policy, verify, content_wanted, DecideAgain(transfer, cleared, now)});
  return ruling;
}

absl::StatusOr<Ruling> LastRuling(pg::Tx& tx, const Transfer& transfer) {
  if (!transfer.decision) return Ruling();
  const std::optional<store::Decision> decision = store::GetDecision(tx, *transfer.decision);
  return decision ? FromJson(*decision) : Ruling();
}

absl::Status DecideAll(const Context& context, base::Instant now) {
  size_t decided = kDecidedAtOnce;
  while (decided == kDecidedAtOnce) {
    const auto batch = context.database.Transact(
        [&](pg::Tx& tx) -> absl::StatusOr<std::vector<Transfer>> { return DecideSome(context, tx, now); });
    RETURN_IF_ERROR(batch.status());
    decided = batch->size();
    if (decided == 0) break;
    for (const Duty duty : {Duty::kPlan, Duty::kWriteBack, Duty::kWatch}) context.wakes.Wake(duty);
    // A policy that binds content makes hashing the source agent's task.
    for (const Transfer& transfer : *batch) context.wakes.WakeAgent(transfer.agent_from);
  }
  return absl::OkStatus();
}

absl::Status RedecideRunning(const Context& context, base::Instant now, std::string_view occasion) {
  size_t decided = kDecidedAtOnce;
  while (decided == kDecidedAtOnce) {
    std::vector<Transfer> stopped, told;
    RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
      stopped.clear();
      told.clear();
      const auto due = store::TransfersToDecideAgain(tx, State::kRunning, now, kDecidedAtOnce);
      decided = due.size();
      for (const Transfer& transfer : due) {
        ASSIGN_OR_RETURN(const Ruling ruling, Decide(tx, transfer, occasion, now, context.parsed.get()));
        const bool stops = !ruling.allowed() && Reconsider(tx, transfer, "policy", ruling.reason, ruling.detail, now);
        if (stops) stopped.push_back(transfer);
        // What goes on under rules that changed needs them as its agents' warrant: they look again by themselves.
        if (stops || occasion != kTime) told.push_back(transfer);
      }
      return absl::OkStatus();
    }));
    for (const Transfer& transfer : told) {
      context.wakes.WakeAgent(transfer.agent_from);
      context.wakes.WakeAgent(transfer.agent_to);
    }
    if (!stopped.empty()) context.wakes.Wake(Duty::kDecide);
  }
  return absl::OkStatus();
}

absl::Status ReconsiderAll(const Context& context, std::string_view client, std::string_view actor,
                           std::string_view reason) {
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    store::ListFilter filter;
    filter.client = client;
    filter.states = {State::kHeld, State::kAwaitingApproval, State::kQueued};
    while (true) {
      const std::vector<Transfer> page = store::ListTransfers(tx, filter);
      for (const Transfer& transfer : page) Reconsider(tx, transfer, actor, reason, "", now);
      if (static_cast<int>(page.size()) < filter.limit) break;
      filter.before_created = page.back().created;
      filter.before_id = page.back().id;
    }
    store::DecideRunningAgain(tx, client, now);
    return absl::OkStatus();
  }));
  context.wakes.Wake(Duty::kDecide);
  return RedecideRunning(context, now, OccasionOf(reason));
}

}  // namespace crossdock::orchestrator::engine
