// Random policies, requests and approvals over a small world, seeded: small, so that rules meet one another.
#pragma once

#include <random>

#include "lib/policy/policy.h"

namespace crossdock::policy {

inline const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");

class World {
 public:
  explicit World(uint32_t seed) : generator_(seed) {}

  int Below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(generator_); }
  bool OneIn(int n) { return Below(n) == 0; }
  std::string Word() { return std::string(1, static_cast<char>('a' + Below(3))); }

  std::vector<std::string> Words() {
    std::set<std::string> words{Word()};
    if (OneIn(2)) words.insert(Word());
    return {words.begin(), words.end()};
  }

  Clause AClause() {
    Clause clause;
    constexpr std::string_view kFacts[] = {"source.site", "asset.tags", "asset.classification", "transfer.files"};
    clause.fact = FindFact(kFacts[Below(4)]);
    if (clause.fact->type == FactType::kText) {
      clause.op = OneIn(2) ? Operator::kIn : Operator::kNotIn;
      clause.words = Words();
    } else if (clause.fact->type == FactType::kTextList) {
      clause.op = Operator::kAnyOf;
      clause.words = Words();
    } else {
      clause.op = OneIn(2) ? Operator::kAtMost : Operator::kAtLeast;
      clause.limit = Below(5);
    }
    return clause;
  }

  // One id has one meaning, as the reader sees to it.
  Requirement ARequirement() {
    const int i = Below(4);
    return {"q" + std::to_string(i),
            1 + i % 2,
            {{ApproverSet::Kind::kGroup, std::string(1, static_cast<char>('a' + i % 3))}},
            {}};
  }

  Require ARequire() {
    Require require;
    if (OneIn(3)) return require;
    Approvals approvals;
    approvals.all_of.push_back(ARequirement());
    if (Requirement second = ARequirement(); second.id != approvals.all_of[0].id && OneIn(2)) {
      approvals.all_of.push_back(std::move(second));
    }
    approvals.distinct = static_cast<Distinct>(Below(3));
    if (OneIn(2)) approvals.exclude.insert(Exclude::kRequester);
    if (OneIn(2)) approvals.exclude.insert(Exclude::kAssetPublisher);
    approvals.valid_for = std::chrono::hours(1 + Below(3));
    approvals.bind = {Bind::kListing};
    require.approvals = std::move(approvals);
    return require;
  }

  // Hours around the time of all requests.
  Window AWindow() {
    Window window;
    window.clock = Window::Clock::kZone;
    window.zone = "UTC";
    window.days = std::bitset<7>(static_cast<unsigned>(Below(127) + 1));
    window.opens = (10 + Below(4)) * 60 + 30;
    window.closes = window.opens + (1 + Below(3)) * 60;
    return window;
  }

  Rule ARule(Effect effect) {
    Rule rule;
    rule.id = "R" + std::to_string(++rules_);
    rule.effect = effect;
    for (int i = Below(3); i > 0; --i) rule.when.push_back(AClause());
    if (effect == Effect::kAllow || effect == Effect::kRequire) rule.require = ARequire();
    if (OneIn(6)) rule.until = Deadline{"", "", kNow + std::chrono::hours(Below(3) - 1)};
    if (OneIn(40)) rule.until = Deadline{"", "Mars/Olympus", std::nullopt};
    return rule;
  }

  Policy APolicy() {
    Policy policy;
    policy.client = "c";
    for (int i = 1 + Below(5); i > 0; --i) {
      policy.rules.push_back(ARule(OneIn(5) ? static_cast<Effect>(Below(4)) : Effect::kAllow));
    }
    if (OneIn(2)) return policy;
    for (Rule& rule : policy.rules) {
      if (!rule.require) continue;
      if (OneIn(3)) rule.require->window = AWindow();
      const Rule& other = policy.rules[static_cast<size_t>(Below(static_cast<int>(policy.rules.size())))];
      if (OneIn(3) && other.require && other.id < rule.id) rule.replaces = other.id;
    }
    return policy;
  }

  // Rules of another layer.
  Policy ALayer(Scope scope) {
    Policy policy = APolicy();
    policy.client = std::move(scope.client);
    policy.show = std::move(scope.show);
    return policy;
  }

  Facts SomeFacts() {
    Facts facts;
    facts.values = {{"asset.client", "c"}, {"requester", "p0"}, {"asset.publisher", "p1"}, {"asset.project", "s"}};
    facts.values["source.site"] = Fact(Word());
    facts.values["asset.tags"] = Fact(FactValue(Words()));
    facts.values["asset.classification"] = Fact(std::string(ClassificationName(Below(5))));
    facts.values["transfer.files"] = Fact(FactValue(int64_t{Below(5)}));
    if (OneIn(10)) facts.values.erase(std::next(facts.values.begin(), Below(static_cast<int>(facts.values.size()))));
    return facts;
  }

  std::vector<Approval> SomeApprovals() {
    std::vector<Approval> approvals;
    for (int i = Below(9); i > 0; --i) {
      const int person = Below(7);
      approvals.push_back({ARequirement().id, "p" + std::to_string(person), "t" + std::to_string(person % 3),
                           "o" + std::to_string(person % 2), Words(),
                           OneIn(30) ? Approval::Decision::kDeny : Approval::Decision::kApprove, OneIn(20),
                           kNow - std::chrono::minutes(Below(150))});
    }
    return approvals;
  }

 private:
  std::mt19937 generator_;
  int rules_ = 0;
};

}  // namespace crossdock::policy
