#include "lib/policy/replay.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

std::vector<std::string> Keys(const std::vector<Reason>& reasons) {
  std::vector<std::string> keys;
  for (const Reason& reason : reasons) keys.push_back(ReasonKey(reason));
  std::sort(keys.begin(), keys.end());
  return keys;
}

bool EndsByZone(const Rule& rule) { return rule.until && !rule.until->zone.empty(); }

// The policy with the ends that it had, and without the hours that are known.
Policy AsItWas(const Policy& policy, const StoredLayer& layer) {
  Policy was = policy;
  for (Rule& rule : was.rules) {
    const auto names = [&](const auto& kept) { return kept.rule == rule.id; };
    if (EndsByZone(rule)) {
      const auto end = std::find_if(layer.ends.begin(), layer.ends.end(), names);
      rule.until->instant = end == layer.ends.end() ? std::nullopt : std::optional(end->at);
    }
    if (rule.require && std::any_of(layer.windows.begin(), layer.windows.end(), names)) rule.require->window.reset();
  }
  return was;
}

void ApplyHours(const StoredLayer& layer, Instant now, Decision& decision) {
  for (const Decision::Hours& hours : layer.windows) {
    decision.windows.push_back(hours);
    if (hours.edge && *hours.edge > now && (!decision.until || *hours.edge < *decision.until))
      decision.until = hours.edge;
    if (hours.open) continue;
    decision.verdict = std::max(decision.verdict, Verdict::kHold);
    decision.reasons.push_back(
        {Verdict::kHold, "outside-window", hours.rule, base::StrCat("The hours of rule ", hours.rule, " are closed.")});
  }
  std::stable_sort(decision.reasons.begin(), decision.reasons.end(),
                   [](const Reason& a, const Reason& b) { return a.verdict > b.verdict; });
}

// Whether the verdict is hold for nothing but facts that are not known: the first of those, or null.
const Reason* Unknown(const Decision& decision) {
  if (decision.verdict != Verdict::kHold) return nullptr;
  const auto unknown = [](const Reason& reason) { return reason.code.starts_with("cannot-decide"); };
  const Reason* first = nullptr;
  for (const Reason& reason : decision.reasons) {
    if (reason.verdict != Verdict::kHold) continue;
    if (!unknown(reason)) return nullptr;
    if (first == nullptr) first = &reason;
  }
  return first;
}

Prospect::Kind KindOf(Verdict before, Verdict after) {
  if (after == before) return Prospect::Kind::kSame;
  if (after == Verdict::kAllow) return Prospect::Kind::kNewlyAllowed;
  if (before == Verdict::kAllow) return Prospect::Kind::kNewlyRefused;
  return after < before ? Prospect::Kind::kLooser : Prospect::Kind::kStricter;
}

}  // namespace

std::string ReasonKey(const Reason& reason) {
  return reason.rule.empty() ? reason.code : base::StrCat(reason.code, " ", reason.rule);
}

StoredLayer StoreLayer(const Policy& policy, std::string_view scope, uint64_t number, const LayerWord& word) {
  StoredLayer layer{std::string(scope), policy.digest, number, word.verdict, Keys(word.reasons), word.windows, {}};
  for (const Rule& rule : policy.rules) {
    if (EndsByZone(rule) && rule.until->instant) layer.ends.push_back({rule.id, *rule.until->instant});
  }
  return layer;
}

Decision Replay(const StoredDecision& stored, const Policy& policy) {
  const std::vector<Approval> approvals = ApprovalsFor(policy.scope(), stored.approvals);
  for (const StoredLayer& layer : stored.layers) {
    if (layer.digest != policy.digest) continue;
    const bool by_zone = std::any_of(policy.rules.begin(), policy.rules.end(), EndsByZone);
    if (layer.windows.empty() && !by_zone) break;
    Decision decision = Evaluate(AsItWas(policy, layer), stored.facts, approvals, stored.now);
    ApplyHours(layer, stored.now, decision);
    return decision;
  }
  return Evaluate(policy, stored.facts, approvals, stored.now);
}

std::string Deviation(const StoredLayer& stored, const Decision& replayed) {
  if (stored.digest != replayed.policy_digest) return "it was another version";
  if (stored.verdict != replayed.verdict) {
    return base::StrCat("the verdict was ", VerdictName(stored.verdict), " and is ", VerdictName(replayed.verdict));
  }
  const std::vector<std::string> now = Keys(replayed.reasons);
  if (stored.reasons == now) return "";
  return base::StrCat("the reasons were ", absl::StrJoin(stored.reasons, ", "), " and are ", absl::StrJoin(now, ", "));
}

std::string_view ProspectName(Prospect::Kind kind) {
  switch (kind) {
    case Prospect::Kind::kSame:
      return "same";
    case Prospect::Kind::kNewlyAllowed:
      return "newly_allowed";
    case Prospect::Kind::kLooser:
      return "looser";
    case Prospect::Kind::kNewlyRefused:
      return "newly_refused";
    case Prospect::Kind::kStricter:
      return "stricter";
    case Prospect::Kind::kUndecidable:
      return "undecidable";
  }
  return "unknown";
}

Prospect Foresee(const StoredDecision& stored, std::string_view scope, const Policy& candidate) {
  Prospect prospect;
  prospect.before = stored.verdict;
  if (stored.layers.empty()) {
    prospect.why = "No policy was asked, or what it was asked was not kept.";
    return prospect;
  }
  const Decision decision = Replay(stored, candidate);
  prospect.after = decision.verdict;
  for (const StoredLayer& layer : stored.layers) {
    if (layer.scope != scope) prospect.after = std::max(prospect.after, layer.verdict);
  }
  if (!decision.reasons.empty()) prospect.why = decision.reasons.front().text;
  const Reason* unknown = Unknown(decision);
  // The others' denial stands whatever the candidate would have said.
  if (unknown != nullptr && prospect.after != Verdict::kDeny) {
    prospect.why = unknown->text;
    return prospect;
  }
  prospect.kind = KindOf(prospect.before, prospect.after);
  return prospect;
}

}  // namespace crossdock::policy
