// Random policies over a small world, seeded: what must hold for every policy, request and set of approvals.
#include <cstdlib>

#include "catch2/catch.hpp"
#include "lib/policy/box.h"
#include "lib/policy/diff.h"
#include "lib/policy/evaluate.h"
#include "tests/unit/policy/world.h"

namespace crossdock::policy {
namespace {

// CROSSDOCK_PROPERTY_ROUNDS asks for more than a build can wait for.
int Rounds() {
  const char* asked = std::getenv("CROSSDOCK_PROPERTY_ROUNDS");
  return asked == nullptr ? 100'000 : std::atoi(asked);
}

const int kRounds = Rounds();
constexpr uint32_t kSeed = 20260605;

TEST_CASE("T-17: adding a forbid, a hold or a requirement never makes a verdict weaker", "[property]") {
  World world(kSeed);
  int verdicts[4] = {}, stricter = 0;
  for (int round = 0; round < kRounds; ++round) {
    Policy policy = world.APolicy();
    const Facts facts = world.SomeFacts();
    const std::vector<Approval> approvals = world.SomeApprovals();
    const Verdict before = Evaluate(policy, facts, approvals, kNow).verdict;
    constexpr Effect kTightening[] = {Effect::kForbid, Effect::kHold, Effect::kRequire};
    policy.rules.insert(policy.rules.begin() + world.Below(static_cast<int>(policy.rules.size()) + 1),
                        world.ARule(kTightening[world.Below(3)]));
    const Verdict after = Evaluate(policy, facts, approvals, kNow).verdict;
    ++verdicts[static_cast<int>(before)];
    stricter += after > before;
    if (after < before)
      FAIL("seed " << kSeed << " round " << round << ": " << VerdictName(before) << " became " << VerdictName(after));
  }
  // The world is rich enough to say something: every verdict occurs often, and so does a change.
  for (int count : verdicts) CHECK(count > kRounds / 50);
  CHECK(stricter > kRounds / 20);
}

// Adds to each block of approvals in `policy` a requirement that it does not have.
void AskForMore(Policy& policy, World& world) {
  for (Rule& rule : policy.rules) {
    if (!rule.require || !rule.require->approvals) continue;
    Requirement more = world.ARequirement();
    auto& all_of = rule.require->approvals->all_of;
    if (std::none_of(all_of.begin(), all_of.end(), [&](const Requirement& r) { return r.id == more.id; }))
      all_of.push_back(more);
  }
}

TEST_CASE("T-17: one more requirement in a rule never makes a verdict weaker", "[property]") {
  World world(kSeed + 1);
  for (int round = 0; round < kRounds; ++round) {
    Policy policy = world.APolicy();
    const Facts facts = world.SomeFacts();
    const std::vector<Approval> approvals = world.SomeApprovals();
    const Verdict before = Evaluate(policy, facts, approvals, kNow).verdict;
    AskForMore(policy, world);
    if (Evaluate(policy, facts, approvals, kNow).verdict < before) FAIL("seed " << kSeed + 1 << " round " << round);
  }
}

// Approvals for whatever any layer asks, so that some layers are satisfied.
std::vector<Approval> ForEveryLayer(const std::vector<Approval>& approvals) {
  std::vector<Approval> all;
  for (const std::string_view prefix : {"", "studio/", "show/"}) {
    for (Approval approval : approvals) {
      approval.requirement = std::string(prefix) + approval.requirement;
      all.push_back(std::move(approval));
    }
  }
  return all;
}

TEST_CASE("T-17: adding a layer, and to any layer a rule that tightens or a requirement, never makes a verdict weaker",
          "[property][layers]") {
  World world(kSeed + 5);
  int verdicts[4] = {}, stricter = 0, allowed = 0;
  for (int round = 0; round < kRounds; ++round) {
    Policy client = world.APolicy(), studio = world.ALayer({}), show = world.ALayer({"c", "s"});
    const Facts facts = world.SomeFacts();
    const std::vector<Approval> approvals = ForEveryLayer(world.SomeApprovals());
    std::vector<const Policy*> layers = {&client};
    Verdict verdict = EvaluateLayers(layers, facts, approvals, kNow).verdict;
    ++verdicts[static_cast<int>(verdict)];
    const auto tightened = [&](std::string_view how) {
      const Verdict after = EvaluateLayers(layers, facts, approvals, kNow).verdict;
      stricter += after > verdict;
      if (after < verdict) FAIL(how << ": seed " << kSeed + 5 << " round " << round);
      verdict = after;
    };
    const bool studio_first = world.OneIn(2);
    layers.push_back(studio_first ? &studio : &show);
    tightened("a layer");
    layers.push_back(studio_first ? &show : &studio);
    tightened("another layer");
    allowed += verdict == Verdict::kAllow;
    Policy* const targets[] = {&client, &studio, &show};
    Policy& target = *targets[world.Below(3)];
    AskForMore(target, world);
    tightened("a requirement");
    constexpr Effect kTightening[] = {Effect::kForbid, Effect::kHold, Effect::kRequire};
    target.rules.push_back(world.ARule(kTightening[world.Below(3)]));
    tightened("a rule");
  }
  for (int count : verdicts) CHECK(count > kRounds / 50);
  CHECK(stricter > kRounds / 10);
  CHECK(allowed > kRounds / 1000);
}

TEST_CASE("a fact that goes missing never opens what was closed", "[property]") {
  World world(kSeed + 2);
  for (int round = 0; round < kRounds; ++round) {
    const Policy policy = world.APolicy();
    Facts facts = world.SomeFacts();
    const std::vector<Approval> approvals = world.SomeApprovals();
    const Verdict before = Evaluate(policy, facts, approvals, kNow).verdict;
    facts.values.erase(std::next(facts.values.begin(), world.Below(static_cast<int>(facts.values.size()))));
    const Verdict after = Evaluate(policy, facts, approvals, kNow).verdict;
    if (after < before && after < Verdict::kHold) FAIL("seed " << kSeed + 2 << " round " << round);
  }
}

TEST_CASE("what a box contains is matched by it", "[property]") {
  World world(kSeed + 3);
  int contained = 0, matched = 0;
  for (int round = 0; round < kRounds; ++round) {
    Policy policy;
    policy.client = "c";
    policy.rules = {world.ARule(Effect::kAllow), world.ARule(Effect::kAllow)};
    for (Rule& rule : policy.rules) rule.until.reset();
    Facts facts = world.SomeFacts();
    const std::vector<std::string> ids = Evaluate(policy, facts, {}, kNow).matched;
    const auto matches = [&](const Rule& rule) { return std::find(ids.begin(), ids.end(), rule.id) != ids.end(); };
    for (const Rule& rule : policy.rules) {
      if (IsEmpty(rule) && matches(rule)) FAIL("an empty rule matched: seed " << kSeed + 3 << " round " << round);
    }
    if (facts.values.size() < 8 || !Contains(policy.rules[0], policy.rules[1])) continue;
    ++contained;
    matched += matches(policy.rules[1]);
    if (matches(policy.rules[1]) && !matches(policy.rules[0])) FAIL("seed " << kSeed + 3 << " round " << round);
  }
  CHECK(contained > 1000);
  CHECK(matched > 1000);
}

// A version of `policy` with some rules changed, dropped or added.
Policy Edited(Policy policy, World& world) {
  for (int i = 1 + world.Below(3); i > 0; --i) {
    const int at = world.Below(static_cast<int>(policy.rules.size()) + 1);
    Rule rule = world.ARule(static_cast<Effect>(world.Below(4)));
    if (at == static_cast<int>(policy.rules.size())) {
      policy.rules.push_back(std::move(rule));
    } else if (world.OneIn(3)) {
      policy.rules.erase(policy.rules.begin() + at);
    } else {
      rule.id = policy.rules[static_cast<size_t>(at)].id;
      policy.rules[static_cast<size_t>(at)] = std::move(rule);
    }
  }
  return policy;
}

bool HasUnknownZone(const Policy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(),
                     [](const Rule& rule) { return rule.until && !rule.until->instant; });
}

bool HasHours(const Policy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(),
                     [](const Rule& rule) { return rule.require && rule.require->window; });
}

// What persons think of the transfer, for whatever requirement it takes.
std::vector<Approval> ForEveryRequirement(std::vector<Approval> approvals) {
  std::vector<Approval> all;
  for (Approval& approval : approvals) {
    approval.decision = Approval::Decision::kApprove;
    for (const char* id : {"q0", "q1", "q2", "q3"}) {
      approval.requirement = id;
      all.push_back(approval);
    }
  }
  return all;
}

// Whether a region of `difference` that may hold such a change has the transfer.
bool Reports(const Difference& difference, Change not_this, const Facts& facts, Instant when) {
  return std::any_of(difference.regions.begin(), difference.regions.end(), [&](const Region& region) {
    return region.change != not_this && Contains(difference, region, facts, when);
  });
}

int Class(Verdict verdict) { return std::max(0, static_cast<int>(verdict) - 1); }

TEST_CASE("T-18: sampling finds no difference that is not reported, and none that is reported falsely", "[property][diff]") {
  World world(kSeed + 4);
  int differences[2] = {}, regions = 0, inside = 0;
  for (int round = 0; round < 4000; ++round) {
    const Policy before = world.APolicy(), after = Edited(before, world);
    if (HasUnknownZone(before) || HasUnknownZone(after)) continue;
    const auto difference = Diff(before, after, kNow);
    REQUIRE(difference.ok());
    REQUIRE(difference->complete);
    const auto fail = [&](std::string_view what) { FAIL(what << ": seed " << kSeed + 4 << " round " << round); };
    const auto verdicts = [&](const Facts& facts, const std::vector<Approval>& approvals, Instant when) {
      return std::pair(Evaluate(before, facts, approvals, when).verdict,
                       Evaluate(after, facts, approvals, when).verdict);
    };
    // With hours, what differs for one time of the day need not differ for another.
    const bool hours = HasHours(before) || HasHours(after);
    for (const Region& region : difference->regions) {
      ++regions;
      if (!Contains(*difference, region, region.witness, region.when)) fail("a witness lies outside its region");
      const auto [was, is] = verdicts(region.witness, {}, region.when);
      if (!hours && Class(was) == Class(is) && Class(was) != 0 && was != Verdict::kDeny)
        fail("a witness shows no difference");
    }
    for (int sample = 0; sample < 50; ++sample) {
      const Facts facts = world.SomeFacts();
      const Instant when = kNow + std::chrono::minutes(world.Below(90));
      const std::vector<Approval> approvals = ForEveryRequirement(world.SomeApprovals());
      if (facts.values.size() < 8) continue;
      const auto [was, is] = verdicts(facts, approvals, when);
      differences[is > was] += is != was;
      if (is < was && !Reports(*difference, Change::kStronger, facts, when)) fail("weaker, and not reported");
      if (is > was && !Reports(*difference, Change::kWeaker, facts, when)) fail("stronger, and not reported");
      for (const Region& region : difference->regions) {
        if (hours || !Contains(*difference, region, facts, when)) continue;
        ++inside;
        const auto here = verdicts(facts, {}, when), there = verdicts(region.witness, {}, region.when);
        if (Class(here.first) != Class(there.first) || Class(here.second) != Class(there.second)) {
          fail("a region is not of one kind");
        }
      }
    }
  }
  CHECK(differences[0] > 5000);
  CHECK(differences[1] > 5000);
  CHECK(regions > 3000);
  CHECK(inside > 20000);
}

}  // namespace
}  // namespace crossdock::policy
