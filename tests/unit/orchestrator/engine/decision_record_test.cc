// A decision that was written as JSON and read again is the same decision.
#include "orchestrator/engine/decision_record.h"

#include "catch2/catch.hpp"
#include "lib/policy/evaluate.h"
#include "orchestrator/engine/scope.h"
#include "tests/unit/policy/world.h"

namespace crossdock::orchestrator::engine {
namespace {

using policy::kNow;

store::Decision Row(const policy::Policy& policy, const policy::Facts& facts,
                    const std::vector<policy::Approval>& approvals) {
  const policy::Decision decision = policy::Evaluate(policy, facts, approvals, kNow);
  store::Decision row;
  row.id = 7;
  row.at = kNow;
  row.roster = 3;
  row.policy = policy.digest;
  row.facts_json = FactsJson(facts);
  row.voices_json = VoicesJson(approvals);
  row.layers_json = LayersJson({policy::StoreLayer(policy, ScopeOf(policy), 2, decision.layers.at(0))});
  row.verdict = policy::VerdictName(decision.verdict);
  return row;
}

TEST_CASE("every decision of random policies and approvals replays from its row", "[property]") {
  policy::World world(20261121);
  int verdicts[4] = {};
  for (int round = 0; round < 5'000; ++round) {
    policy::Policy policy = world.APolicy();
    policy.digest = "d";
    const auto stored = ReadStored(Row(policy, world.SomeFacts(), world.SomeApprovals()));
    REQUIRE(stored.ok());
    const policy::Decision replayed = policy::Replay(*stored, policy);
    const std::string deviation = policy::Deviation(stored->layers.at(0), replayed);
    if (!deviation.empty()) FAIL("round " << round << ": " << deviation);
    ++verdicts[static_cast<int>(replayed.verdict)];
  }
  for (const int count : verdicts) CHECK(count > 50);
}

TEST_CASE("a fact keeps its type, its bytes and how long it is fresh") {
  policy::Facts facts;
  facts.values["asset.client"] = policy::Fact(std::string("c"));
  facts.values["transfer.path"] = policy::Fact(std::string("a/\xff%\n\"b"));
  facts.values["transfer.bytes"] = policy::Fact(int64_t{9'007'199'254'740'993});
  facts.values["asset.tags"] = policy::Fact(std::vector<std::string>{});
  facts.values["destination.certifications"] =
      policy::Fact(std::vector<policy::Certification>{{"tpn", std::nullopt}, {"iso", kNow}});
  facts.values["asset.classification"] = policy::Fact(std::string("no such word"));
  facts.values["asset.status"].value = std::string("ready");
  facts.values["asset.status"].fresh_until = kNow + std::chrono::microseconds(1);
  const auto stored = ReadStored(Row(policy::Policy(), facts, {}));
  REQUIRE(stored.ok());
  REQUIRE(stored->facts.values.size() == facts.values.size());
  for (const auto& [name, fact] : facts.values) {
    INFO(name);
    CHECK(stored->facts.values.at(name).value == fact.value);
    CHECK(stored->facts.values.at(name).fresh_until == fact.fresh_until);
  }
}

TEST_CASE("an outcome is named by everything but when and why it was asked") {
  const store::Decision row = Row(policy::Policy(), {}, {});
  store::Decision later = row;
  later.at += std::chrono::hours(1);
  later.occasion = "time";
  later.id = 8;
  CHECK(OutcomeOf(later) == OutcomeOf(row));
  for (const auto change : {&store::Decision::policy, &store::Decision::facts_json, &store::Decision::approvals_json,
                            &store::Decision::verdict, &store::Decision::result_json, &store::Decision::layers_json,
                            &store::Decision::voices_json}) {
    store::Decision other = row;
    (other.*change) += " ";
    CHECK(OutcomeOf(other) != OutcomeOf(row));
  }
  store::Decision other = row;
  other.roster = 4;
  CHECK(OutcomeOf(other) != OutcomeOf(row));
}

TEST_CASE("a damaged row is an error, and none from before layers were kept is") {
  store::Decision row = Row(policy::Policy(), {}, {});
  row.layers_json = "[{\"scope\": 1}]";
  CHECK(!ReadStored(row).ok());
  row.layers_json = "{";
  CHECK(!ReadStored(row).ok());
  row.layers_json = "";
  CHECK(ReadStored(row)->layers.empty());
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
