#include "lib/policy/evaluate.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

bool Contains(const std::vector<std::string>& sorted, const std::string& word) {
  return std::binary_search(sorted.begin(), sorted.end(), word);
}

enum class Truth { kNo, kYes, kUnknown };

class Evaluation {
 public:
  Evaluation(const Policy& policy, const Facts& facts, Instant now) : policy_(policy), facts_(facts), now_(now) {
    decision_.policy_digest = policy.digest;
    decision_.verdict = Verdict::kAllow;
  }

  Decision Run(std::span<const Approval> approvals) {
    if (InForce()) {
      for (const Rule& rule : policy_.rules) Apply(rule);
      if (!allowed_ && !undecided_allow_) {
        Add({Verdict::kDeny, "no-rule-allows", "", "No rule allows this transfer."});
      }
      Settle();
      Place(approvals);
    }
    std::stable_sort(decision_.reasons.begin(), decision_.reasons.end(),
                     [](const Reason& a, const Reason& b) { return a.verdict > b.verdict; });
    return std::move(decision_);
  }

 private:
  void Add(Reason reason) {
    decision_.verdict = std::max(decision_.verdict, reason.verdict);
    decision_.reasons.push_back(std::move(reason));
  }

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
  bool InForce() {
    const std::string* client = facts_.Text("asset.client", now_);
    if (client == nullptr) {
      CannotDecide("asset.client", "", "is not known");
      return false;
    }
    if (*client != policy_.client) {
      Add({Verdict::kHold, "policy-of-another-client", "",
           base::StrCat("The policy is client ", policy_.client, "'s, the asset is ", base::PercentEscape(*client),
                        "'s.")});
      return false;
    }
    if (now_ < policy_.valid_from) {
      Add({Verdict::kHold, "not-yet-valid", "",
           base::StrCat("The policy is in force from ", base::FormatSeconds(policy_.valid_from), ".")});
      Watch(policy_.valid_from);
      return false;
    }
    return true;
  }

  void Apply(const Rule& rule) {
    if (IsOver(rule)) return;
    const Truth truth = Test(rule);
    if (truth == Truth::kUnknown && rule.effect == Effect::kAllow) undecided_allow_ = true;
    if (truth != Truth::kYes) return;
    decision_.matched.push_back(rule.id);
    switch (rule.effect) {
      case Effect::kForbid:
        decision_.absolute |= rule.absolute;
        Add({Verdict::kDeny, "forbidden", rule.id, base::StrCat("Rule ", rule.id, " forbids it: ", rule.reason, ".")});
        break;
      case Effect::kHold:
        Add({Verdict::kHold, "held", rule.id, base::StrCat("Rule ", rule.id, " holds it: ", rule.reason, ".")});
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
      CannotDecide(base::StrCat("zone ", rule.until->zone), rule.id, "is not known on this machine");
      truth = Truth::kUnknown;
    }
    for (const Clause& clause : rule.when) {
      const Truth one = Test(clause, rule.id);
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
    matched_ = WithoutReplaced(matched_);
    if (matched_.empty()) return;
    decision_.verify = VerifyLevel::kTransit;
    for (const Rule* rule : matched_) {
      decision_.verify = std::max(decision_.verify, rule->require->verify);
      decision_.encrypt_in_motion |= rule->require->encrypt_in_motion;
      if (rule->require->approvals) due_.push_back(&*rule->require->approvals);
      if (rule->require->window) Keep(*rule->require->window, rule->id);
    }
  }

  // The hours of a rule: outside of them it waits, and at their edge time alone changes the decision.
  void Keep(const Window& window, const std::string& rule) {
    const std::string_view fact = window.clock == Window::Clock::kSource ? "source.zone" : "destination.zone";
    const std::string* zone = window.clock == Window::Clock::kZone ? &window.zone : facts_.Text(fact, now_);
    if (zone == nullptr) return CannotDecide(fact, rule, "is not known, and the rule's hours go by it");
    // Weekly hours open within eight days; only what the clocks do can make that nine.
    const auto intervals = OpenBetween(window, *zone, now_, now_ + std::chrono::days(9));
    if (!intervals) return CannotDecide(base::StrCat("zone ", *zone), rule, "is not known on this machine");
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

  const Policy& policy_;
  const Facts& facts_;
  const Instant now_;
  Decision decision_;
  bool allowed_ = false;
  bool undecided_allow_ = false;
  std::vector<const Rule*> matched_;  // allow and require
  std::vector<const Approvals*> due_;
};

}  // namespace

Decision Evaluate(const Policy& policy, const Facts& facts, std::span<const Approval> approvals, Instant now) {
  Decision decision = Evaluation(policy, facts, now).Run(approvals);
  INVARIANT(decision.verdict != Verdict::kAllow || (decision.open.empty() && decision.reasons.empty()))
      << "an allowed transfer with something open";
  return decision;
}

}  // namespace crossdock::policy
