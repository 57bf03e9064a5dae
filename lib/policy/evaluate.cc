#include "lib/policy/evaluate.h"

#include <algorithm>
#include <deque>
#include <set>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

bool Contains(const std::vector<std::string>& sorted, const std::string& word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

enum class Truth { kNo, kYes, kUnknown };

class Evaluation {
 public:
  Evaluation(const Facts& facts, Instant now) : facts_(facts), now_(now) { decision_.verdict = Verdict::kAllow; }

  // One layer, decided by its own rules alone. `prefix` stands before its ids.
  void Ask(const Policy& policy, std::string_view prefix) {
    prefix_ = prefix;
    allowed_ = undecided_allow_ = false;
    matched_.clear();
    if (!InForce(policy)) return;
    for (const Rule& rule : policy.rules) Apply(rule);
    if (!allowed_ && !undecided_allow_) {
      Add({Verdict::kDeny, "no-rule-allows", "",
           prefix.empty() ? "No rule allows this transfer."
                          : base::StrCat("No rule of ", ScopeName(policy.scope()), " allows this transfer.")});
    }
    Settle();
  }

  void Add(Reason reason) {
    decision_.verdict = std::max(decision_.verdict, reason.verdict);
    decision_.reasons.push_back(std::move(reason));
  }

  // After all layers, because their requirements are due together.
  Decision Finish(std::span<const Approval> approvals, std::string digest) {
    decision_.policy_digest = std::move(digest);
    decision_.verify = verify_.value_or(VerifyLevel::kLanded);
    Place(approvals);
    std::stable_sort(decision_.reasons.begin(), decision_.reasons.end(),
                     [](const Reason& a, const Reason& b) { return a.verdict > b.verdict; });
    return std::move(decision_);
  }

 private:
  std::string Scoped(std::string_view id) const { return base::StrCat(prefix_, id); }

  void CannotDecide(std::string_view what, std::string_view rule, std::string_view why) {
    Reason reason{Verdict::kHold, base::StrCat("cannot-decide: ", what), std::string(rule),
                  base::StrCat("Cannot be decided: ", what, " ", why, ".")};
    const auto same = [&](const Reason& other) { return other.code == reason.code; };
    if (std::none_of(decision_.reasons.begin(), decision_.reasons.end(), same)) Add(std::move(reason));
  }

  // Time alone changes something at `instant`.
  void Watch(Instant instant) {
    if (instant > now_ && (!decision_.until || instant < *decision_.until)) decision_.until = instant;
  }

  // Whether this policy speaks about this transfer at all. When not, it must not say more than hold.
  bool InForce(const Policy& policy) {
    const Scope& scope = policy.scope();
    if (!scope.client.empty() && !Speaks("asset.client", scope.client, "policy-of-another-client")) return false;
    if (!scope.show.empty() && !Speaks("asset.project", scope.show, "policy-of-another-show")) return false;
    if (now_ < policy.valid_from) {
      Add({Verdict::kHold, "not-yet-valid", "",
           base::StrCat("The policy of ", ScopeName(scope), " is in force from ",
                        base::FormatSeconds(policy.valid_from), ".")});
      Watch(policy.valid_from);
      return false;
    }
    return true;
  }

  bool Speaks(std::string_view name, const std::string& of, std::string_view code) {
    const std::string* is = facts_.Text(name, now_);
    if (is == nullptr) {
      CannotDecide(name, "", "is not known");
      return false;
    }
    if (*is == of) return true;
    Add({Verdict::kHold, std::string(code), "",
         base::StrCat("The policy is for ", of, ", the asset belongs to ", base::PercentEscape(*is), ".")});
    return false;
  }

  void Apply(const Rule& rule) {
    if (IsOver(rule)) return;
    const Truth truth = Test(rule);
    if (truth == Truth::kUnknown && rule.effect == Effect::kAllow) undecided_allow_ = true;
    if (truth != Truth::kYes) return;
    const std::string id = Scoped(rule.id);
    decision_.matched.push_back(id);
    switch (rule.effect) {
      case Effect::kForbid:
        decision_.absolute |= rule.absolute;
        Add({Verdict::kDeny, "forbidden", id, base::StrCat("Rule ", id, " forbids it: ", rule.reason, ".")});
        break;
      case Effect::kHold:
        Add({Verdict::kHold, "held", id, base::StrCat("Rule ", id, " holds it: ", rule.reason, ".")});
        break;
      case Effect::kAllow:
        allowed_ = true;
        matched_.push_back(&rule);
        break;
      case Effect::kRequire:
        matched_.push_back(&rule);
        break;
    }
  }

  // A rule that has ended needs no facts; one whose end cannot be computed here is treated as going on, undecidably.
  bool IsOver(const Rule& rule) {
    if (!rule.until || !rule.until->instant) return false;
    Watch(*rule.until->instant);
    return now_ >= *rule.until->instant;
  }

  Truth Test(const Rule& rule) {
    Truth truth = Truth::kYes;
    if (rule.until && !rule.until->instant) {
      CannotDecide(base::StrCat("zone ", rule.until->zone), Scoped(rule.id), "is not known on this machine");
      truth = Truth::kUnknown;
    }
    for (const Clause& clause : rule.when) {
      const Truth one = Test(clause, Scoped(rule.id));
      if (one == Truth::kUnknown || (one == Truth::kNo && truth == Truth::kYes)) truth = one;
    }
    return truth;
  }

  Truth Test(const Clause& clause, std::string_view rule) {
    const Fact* fact = facts_.Find(clause.fact->name);
    if (fact == nullptr) {
      CannotDecide(clause.fact->name, rule, "is not known");
      return Truth::kUnknown;
    }
    if (fact->fresh_until && now_ >= *fact->fresh_until) {
      CannotDecide(clause.fact->name, rule, base::StrCat("is stale since ", base::FormatSeconds(*fact->fresh_until)));
      return Truth::kUnknown;
    }
    if (!HasType(*clause.fact, fact->value)) {
      CannotDecide(clause.fact->name, rule, "has a value that it cannot have");
      return Truth::kUnknown;
    }
    if (fact->fresh_until) Watch(*fact->fresh_until);
    return Holds(clause, fact->value) ? Truth::kYes : Truth::kNo;
  }

  bool Holds(const Clause& clause, const FactValue& value) {
    switch (clause.op) {
      case Operator::kIn:
        return Contains(clause.words, std::get<std::string>(value));
      case Operator::kNotIn:
        return !Contains(clause.words, std::get<std::string>(value));
      case Operator::kAnyOf:
      case Operator::kHas:
        return HoldsAny(clause, value);
      case Operator::kAtMost:
        return Number(value) <= clause.limit;
      case Operator::kAtLeast:
        return Number(value) >= clause.limit;
    }
    return false;
  }

  bool HoldsAny(const Clause& clause, const FactValue& value) {
    if (const auto* list = std::get_if<std::vector<std::string>>(&value)) {
      return std::any_of(list->begin(), list->end(), [&](const auto& item) { return Contains(clause.words, item); });
    }
    bool held = false;
    for (const Certification& certification : std::get<std::vector<Certification>>(value)) {
      if (!Contains(clause.words, certification.id)) continue;
      if (certification.valid_until) Watch(*certification.valid_until);
      held |= !certification.valid_until || now_ < *certification.valid_until;
    }
    return held;
  }

  static int64_t Number(const FactValue& value) {
    if (const int64_t* number = std::get_if<int64_t>(&value)) return *number;
    return *ClassificationRank(std::get<std::string>(value));
  }

  // What the matched rules ask of the transfer itself.
  void Settle() {
    for (const Rule* rule : WithoutReplaced(matched_)) {
      verify_ = std::max({verify_.value_or(VerifyLevel::kTransit), rule->require->verify,
                          rule->obligations.verify.value_or(VerifyLevel::kTransit)});
      Unite(rule->obligations, decision_.obligations);
      decision_.encrypt_in_motion |= rule->require->encrypt_in_motion;
      if (rule->require->approvals) Owe(*rule->require->approvals);
      if (rule->require->window) Keep(*rule->require->window, Scoped(rule->id));
    }
  }

  void Owe(const Approvals& approvals) {
    if (prefix_.empty()) {
      due_.push_back(&approvals);
      return;
    }
    Approvals scoped = approvals;
    for (Requirement& requirement : scoped.all_of) requirement.id = Scoped(requirement.id);
    due_.push_back(&scoped_.emplace_back(std::move(scoped)));
  }

  // The hours of a rule: outside of them it waits, and at their edge time alone changes the decision.
  void Keep(const Window& window, const std::string& rule) {
    const std::string_view fact = window.clock == Window::Clock::kSource ? "source.zone" : "destination.zone";
    const std::string* zone = window.clock == Window::Clock::kZone ? &window.zone : facts_.Text(fact, now_);
    if (zone == nullptr) return CannotDecide(fact, rule, "is not known, and the rule's hours go by it");
    // Weekly hours open within eight days; only what the clocks do can make that nine.
    const std::chrono::hours ahead = window.HasCalendars() ? kCalendarHorizon : std::chrono::hours(24 * 9);
    const auto intervals = OpenBetween(window, *zone, now_, now_ + ahead);
    if (!intervals) {
      return CannotDecide(base::StrCat("zone ", *zone), rule, "or one of a calendar is not known on this machine");
    }
    const Opening opening = OpeningAt(*intervals, now_);
    if (opening.edge) Watch(*opening.edge);
    decision_.windows.push_back({rule, opening.open, opening.edge});
    if (opening.open) return;
    Add({Verdict::kHold, "outside-window", rule,
         base::StrCat("Rule ", rule, " lets it run again ",
                      opening.edge ? base::StrCat("at ", base::FormatSeconds(*opening.edge)) : "later", ".")});
  }

  // The person that `exclude` means. Unknown: nobody could be sure that an approval is not their own.
  std::string_view Excluded(Exclude exclude, std::string_view fact) {
    const bool needed =
        std::any_of(due_.begin(), due_.end(), [&](const Approvals* a) { return a->exclude.contains(exclude); });
    if (!needed) return "";
    const std::string* person = facts_.Text(fact, now_);
    if (person == nullptr) CannotDecide(fact, "", "is not known, and must not approve");
    return person == nullptr ? "" : std::string_view(*person);
  }

  void Place(std::span<const Approval> approvals) {
    const std::string_view requester = Excluded(Exclude::kRequester, "requester");
    const std::string_view publisher = Excluded(Exclude::kAssetPublisher, "asset.publisher");
    ApprovalOutcome outcome = PlaceApprovals(due_, approvals, requester, publisher, now_);
    if (outcome.until) Watch(*outcome.until);
    if (outcome.denied) {
      Add({Verdict::kDeny, base::StrCat("denied-by-approver: ", outcome.denied->requirement), "",
           base::StrCat(base::PercentEscape(outcome.denied->person), " denied requirement ",
                        outcome.denied->requirement, ".")});
      decision_.denied = outcome.denied;
    }
    for (RequirementStatus& status : outcome.requirements) {
      decision_.bind_content |= status.bind.contains(Bind::kContent);
      if (!status.IsOpen()) {
        decision_.satisfied.push_back(std::move(status));
        continue;
      }
      Add({Verdict::kNeedsApprovals, base::StrCat("needs-approval: ", status.id), "",
           base::StrCat("Requirement ", status.id, " has ", status.have, " of ", status.count, " approvals.")});
      decision_.open.push_back(std::move(status));
    }
  }

  const Facts& facts_;
  const Instant now_;
  Decision decision_;
  std::optional<VerifyLevel> verify_;
  std::vector<const Approvals*> due_;  // of all layers
  std::deque<Approvals> scoped_;       // those whose ids got a prefix
  // Of the layer that is being asked.
  std::string prefix_;
  bool allowed_ = false;
  bool undecided_allow_ = false;
  std::vector<const Rule*> matched_;  // allow and require
};

Decision Checked(Decision decision) {
  INVARIANT(decision.verdict != Verdict::kAllow || (decision.open.empty() && decision.reasons.empty()))
      << "an allowed transfer with something open";
  return decision;
}

// The studio's first, then the client's, then the show's.
std::vector<const Policy*> Ordered(std::span<const Policy* const> layers) {
  std::vector<const Policy*> ordered(layers.begin(), layers.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Policy* a, const Policy* b) { return a->scope().level() < b->scope().level(); });
  return ordered;
}

}  // namespace

Decision Evaluate(const Policy& policy, const Facts& facts, std::span<const Approval> approvals, Instant now) {
  Evaluation evaluation(facts, now);
  evaluation.Ask(policy, "");
  return Checked(evaluation.Finish(approvals, policy.digest));
}

std::vector<Approval> ApprovalsFor(const Scope& scope, std::span<const Approval> approvals) {
  const std::string_view prefix = ScopePrefix(scope);
  std::vector<Approval> own;
  for (const Approval& approval : approvals) {
    if (!approval.requirement.starts_with(prefix)) continue;
    own.push_back(approval);
    own.back().requirement.erase(0, prefix.size());
  }
  return own;
}

std::string DigestOf(std::span<const Policy* const> layers) {
  if (layers.size() == 1 && layers.front()->scope().level() == Scope::Level::kClient) return layers.front()->digest;
  std::string lines;
  for (const Policy* layer : Ordered(layers)) {
    lines += base::StrCat(ScopeKey(layer->scope()), ": ", layer->digest, "\n");
  }
  return base::ToHex(base::Sha256(lines));
}

Decision EvaluateLayers(std::span<const Policy* const> layers, const Facts& facts, std::span<const Approval> approvals,
                        Instant now) {
  Evaluation evaluation(facts, now);
  std::set<Scope::Level> levels;
  for (const Policy* layer : Ordered(layers)) {
    if (!levels.insert(layer->scope().level()).second) {
      evaluation.Add({Verdict::kDeny, "layer-twice", "",
                      base::StrCat("There are two policies of the level of ", ScopeName(layer->scope()), ".")});
      continue;
    }
    evaluation.Ask(*layer, ScopePrefix(layer->scope()));
  }
  if (!levels.contains(Scope::Level::kClient)) {
    evaluation.Add({Verdict::kDeny, "no-policy", "", "The client has no policy, so nothing is allowed."});
  }
  return Checked(evaluation.Finish(approvals, DigestOf(layers)));
}

}  // namespace crossdock::policy
