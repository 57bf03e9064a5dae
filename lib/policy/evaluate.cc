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

// One layer, asked by its own rules alone. Ids in `rule`, `matched` and `windows` are as it writes them; sentences name
// them with the prefix that they have where several layers are asked.
struct Layer {
  const Policy* policy = nullptr;
  std::string prefix;
  std::vector<Reason> reasons;  // but for what approvals have to say
  std::vector<std::string> matched;
  bool absolute = false;
  bool encrypt_in_motion = false;
  std::optional<VerifyLevel> verify;
  Obligations obligations;
  std::vector<ResolvedHours> windows;
  std::optional<Instant> until;
  std::vector<const Approvals*> due;  // of the policy
};

// Adds a reason; what cannot be decided is said once.
void Add(Reason reason, std::vector<Reason>& reasons) {
  const auto same = [&](const Reason& other) { return other.code == reason.code; };
  if (reason.code.starts_with("cannot-decide") && std::any_of(reasons.begin(), reasons.end(), same)) return;
  reasons.push_back(std::move(reason));
}

Reason CannotDecide(std::string_view what, std::string_view rule, std::string_view why) {
  return {Verdict::kHold, base::StrCat("cannot-decide: ", what), std::string(rule),
          base::StrCat("Cannot be decided: ", what, " ", why, ".")};
}

// Time alone changes something at `instant`.
void Watch(std::optional<Instant> instant, Instant now, std::optional<Instant>& until) {
  if (instant && *instant > now && (!until || *instant < *until)) until = instant;
}

// Asks the rules of one layer.
class Asking {
 public:
  Asking(const Policy& policy, std::string_view prefix, const Facts& facts, Instant now) : facts_(facts), now_(now) {
    layer_.policy = &policy;
    layer_.prefix = prefix;
  }

  Layer Run() {
    const Policy& policy = *layer_.policy;
    if (!InForce(policy)) return std::move(layer_);
    for (const Rule& rule : policy.rules) Apply(rule);
    if (!allowed_ && !undecided_allow_) {
      Add({Verdict::kDeny, "no-rule-allows", "",
           layer_.prefix.empty() ? "No rule allows this transfer."
                                 : base::StrCat("No rule of ", ScopeName(policy.scope()), " allows this transfer.")});
    }
    Settle();
    return std::move(layer_);
  }

 private:
  // As sentences name it.
  std::string Scoped(std::string_view id) const { return base::StrCat(layer_.prefix, id); }

  void Add(Reason reason) { policy::Add(std::move(reason), layer_.reasons); }
  void CannotDecide(std::string_view what, std::string_view rule, std::string_view why) {
    Add(policy::CannotDecide(what, rule, why));
  }
  void Watch(Instant instant) { policy::Watch(instant, now_, layer_.until); }

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
    layer_.matched.push_back(rule.id);
    switch (rule.effect) {
      case Effect::kForbid:
        layer_.absolute |= rule.absolute;
        Add({Verdict::kDeny, "forbidden", rule.id, base::StrCat("Rule ", id, " forbids it: ", rule.reason, ".")});
        break;
      case Effect::kHold:
        Add({Verdict::kHold, "held", rule.id, base::StrCat("Rule ", id, " holds it: ", rule.reason, ".")});
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
    for (const Rule* rule : WithoutReplaced(matched_)) {
      layer_.verify = std::max({layer_.verify.value_or(VerifyLevel::kTransit), rule->require->verify,
                                rule->obligations.verify.value_or(VerifyLevel::kTransit)});
      Unite(rule->obligations, layer_.obligations);
      layer_.encrypt_in_motion |= rule->require->encrypt_in_motion;
      if (rule->require->approvals) layer_.due.push_back(&*rule->require->approvals);
      if (rule->require->window) Keep(*rule->require->window, rule->id);
    }
  }

  // The hours of a rule: outside of them it waits, and at their edge time alone changes the decision.
  void Keep(const Window& window, const std::string& rule) {
    const std::string_view fact = window.clock == Window::Clock::kSource ? "source.zone" : "destination.zone";
    const std::string* zone = window.clock == Window::Clock::kZone ? &window.zone : facts_.Text(fact, now_);
    if (zone == nullptr) return CannotDecide(fact, rule, "is not known, and the rule's hours go by it");
    if (const Calendar* calendar = window.UnknownCalendar()) {
      return CannotDecide(
          base::StrCat("calendar ", calendar->name), rule,
          base::StrCat("is not there: its file ", calendar->file, " (SHA-256 ", calendar->digest, ") is missing"));
    }
    // Weekly hours open within eight days; only what the clocks do can make that nine.
    const std::chrono::hours ahead = window.HasCalendars() ? kCalendarHorizon : std::chrono::hours(24 * 9);
    const auto intervals = OpenBetween(window, *zone, now_, now_ + ahead);
    if (!intervals) {
      return CannotDecide(base::StrCat("zone ", *zone), rule, "or one of a calendar is not known on this machine");
    }
    const Opening opening = OpeningAt(*intervals, now_);
    if (opening.edge) Watch(*opening.edge);
    layer_.windows.push_back({rule, opening.open, opening.edge});
    if (opening.open) return;
    Add({Verdict::kHold, "outside-window", rule,
         base::StrCat("Rule ", Scoped(rule), " lets it run again ",
                      opening.edge ? base::StrCat("at ", base::FormatSeconds(*opening.edge)) : "later", ".")});
  }

  const Facts& facts_;
  const Instant now_;
  Layer layer_;
  bool allowed_ = false;
  bool undecided_allow_ = false;
  std::vector<const Rule*> matched_;  // allow and require
};

// Which of the approvals fill what is due, and what that leaves open.
class Placing {
 public:
  Placing(std::span<const Approvals* const> due, const Facts& facts, Instant now)
      : due_(due), facts_(facts), now_(now) {}

  // Adds what approvals have to say to `decision`.
  void Into(std::span<const Approval> approvals, Decision& decision) const {
    const std::string_view requester = Excluded(Exclude::kRequester, "requester", decision.reasons);
    const std::string_view publisher = Excluded(Exclude::kAssetPublisher, "asset.publisher", decision.reasons);
    ApprovalOutcome outcome = PlaceApprovals(due_, approvals, requester, publisher, now_);
    Watch(outcome.until, now_, decision.until);
    if (outcome.denied) {
      Add({Verdict::kDeny, base::StrCat("denied-by-approver: ", outcome.denied->requirement), "",
           base::StrCat(base::PercentEscape(outcome.denied->person), " denied requirement ",
                        outcome.denied->requirement, ".")},
          decision.reasons);
      decision.denied = outcome.denied;
    }
    for (RequirementStatus& status : outcome.requirements) {
      decision.bind_content |= status.bind.contains(Bind::kContent);
      if (!status.IsOpen()) {
        decision.satisfied.push_back(std::move(status));
        continue;
      }
      Add({Verdict::kNeedsApprovals, base::StrCat("needs-approval: ", status.id), "",
           base::StrCat("Requirement ", status.id, " has ", status.have, " of ", status.count, " approvals.")},
          decision.reasons);
      decision.open.push_back(std::move(status));
    }
  }

 private:
  // The person that `exclude` means. Unknown: nobody could be sure that an approval is not their own.
  std::string_view Excluded(Exclude exclude, std::string_view fact, std::vector<Reason>& reasons) const {
    const bool needed =
        std::any_of(due_.begin(), due_.end(), [&](const Approvals* a) { return a->exclude.contains(exclude); });
    if (!needed) return "";
    const std::string* person = facts_.Text(fact, now_);
    if (person == nullptr) Add(CannotDecide(fact, "", "is not known, and must not approve"), reasons);
    return person == nullptr ? "" : std::string_view(*person);
  }

  const std::span<const Approvals* const> due_;
  const Facts& facts_;
  const Instant now_;
};

// The verdict is the strictest reason's.
void Conclude(Decision& decision) {
  decision.verdict = Verdict::kAllow;
  for (const Reason& reason : decision.reasons) decision.verdict = std::max(decision.verdict, reason.verdict);
  std::stable_sort(decision.reasons.begin(), decision.reasons.end(),
                   [](const Reason& a, const Reason& b) { return a.verdict > b.verdict; });
  INVARIANT(decision.verdict != Verdict::kAllow || (decision.open.empty() && decision.reasons.empty()))
      << "an allowed transfer with something open";
}

// What a layer says, its ids with `prefix`; without anybody's approvals.
void Join(const Layer& layer, std::string_view prefix, Instant now, Decision& decision) {
  const auto scoped = [&](const std::string& id) { return id.empty() ? id : base::StrCat(prefix, id); };
  for (Reason reason : layer.reasons) {
    reason.rule = scoped(reason.rule);
    Add(std::move(reason), decision.reasons);
  }
  for (const std::string& id : layer.matched) decision.matched.push_back(scoped(id));
  for (const ResolvedHours& hours : layer.windows)
    decision.windows.push_back({scoped(hours.rule), hours.open, hours.edge});
  decision.absolute |= layer.absolute;
  decision.encrypt_in_motion |= layer.encrypt_in_motion;
  if (layer.verify) decision.verify = std::max(decision.verify, *layer.verify);
  Unite(layer.obligations, decision.obligations);
  Watch(layer.until, now, decision.until);
}

// The studio's first, then the client's, then the show's.
std::vector<const Policy*> Ordered(std::span<const Policy* const> layers) {
  std::vector<const Policy*> ordered(layers.begin(), layers.end());
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Policy* a, const Policy* b) { return a->scope().level() < b->scope().level(); });
  return ordered;
}

// A layer's word without the others.
Decision Alone(const Layer& layer, const Facts& facts, std::span<const Approval> approvals, Instant now) {
  Decision decision;
  decision.policy_digest = layer.policy->digest;
  decision.verify = VerifyLevel::kTransit;
  Join(layer, "", now, decision);
  if (!layer.verify) decision.verify = VerifyLevel::kLanded;
  Placing(layer.due, facts, now).Into(approvals, decision);
  Conclude(decision);
  return decision;
}

LayerWord WordOf(const Decision& alone) { return {alone.policy_digest, alone.verdict, alone.reasons, alone.windows}; }

}  // namespace

Decision Evaluate(const Policy& policy, const Facts& facts, std::span<const Approval> approvals, Instant now) {
  Decision decision = Alone(Asking(policy, "", facts, now).Run(), facts, approvals, now);
  decision.layers = {WordOf(decision)};
  return decision;
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

struct Inquiry::Asked {
  const Facts& facts;
  Instant now;
  std::string digest;
  std::vector<Layer> layers;
  std::vector<Reason> reasons;  // that are no layer's own
  std::vector<const Approvals*> due;
  std::deque<Approvals> scoped;  // those of `due` whose ids got a prefix
};

Inquiry::Inquiry(std::span<const Policy* const> layers, const Facts& facts, Instant now) {
  auto asked = std::make_unique<Asked>(Asked{facts, now, DigestOf(layers), {}, {}, {}, {}});
  std::set<Scope::Level> levels;
  for (const Policy* policy : Ordered(layers)) {
    const Scope scope = policy->scope();
    if (!levels.insert(scope.level()).second) {
      asked->reasons.push_back({Verdict::kDeny, "layer-twice", "",
                                base::StrCat("There are two policies of the level of ", ScopeName(scope), ".")});
      continue;
    }
    const Layer& layer = asked->layers.emplace_back(Asking(*policy, ScopePrefix(scope), facts, now).Run());
    for (const Approvals* approvals : layer.due) {
      if (!layer.prefix.empty()) {
        Approvals& scoped = asked->scoped.emplace_back(*approvals);
        for (Requirement& requirement : scoped.all_of) requirement.id = base::StrCat(layer.prefix, requirement.id);
        approvals = &scoped;
      }
      asked->due.push_back(approvals);
    }
  }
  if (!levels.contains(Scope::Level::kClient)) {
    asked->reasons.push_back({Verdict::kDeny, "no-policy", "", "The client has no policy, so nothing is allowed."});
  }
  asked_ = std::move(asked);
}

Inquiry::~Inquiry() = default;

bool Inquiry::binds_content() const {
  return std::any_of(asked_->due.begin(), asked_->due.end(),
                     [](const Approvals* approvals) { return approvals->bind.contains(Bind::kContent); });
}

Decision Inquiry::With(std::span<const Approval> approvals) const {
  Decision decision;
  decision.policy_digest = asked_->digest;
  decision.verify = VerifyLevel::kTransit;
  bool verified = false;
  for (const Layer& layer : asked_->layers) {
    verified |= layer.verify.has_value();
    Join(layer, layer.prefix, asked_->now, decision);
    decision.layers.push_back(
        WordOf(Alone(layer, asked_->facts, ApprovalsFor(layer.policy->scope(), approvals), asked_->now)));
  }
  if (!verified) decision.verify = VerifyLevel::kLanded;
  for (const Reason& reason : asked_->reasons) Add(reason, decision.reasons);
  Placing(asked_->due, asked_->facts, asked_->now).Into(approvals, decision);
  Conclude(decision);
  return decision;
}

Decision EvaluateLayers(std::span<const Policy* const> layers, const Facts& facts, std::span<const Approval> approvals,
                        Instant now) {
  return Inquiry(layers, facts, now).With(approvals);
}

}  // namespace crossdock::policy
