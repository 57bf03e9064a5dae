#include "orchestrator/core/planner.h"

#include "catch2/catch.hpp"

namespace crossdock::orchestrator {
namespace {

AgentView Agent(const std::string& site) { return {site + "-1", site, 4, {"proj"}, false}; }

RelayView Relay(const std::string& id, const std::string& site) {
  RelayView relay;
  relay.id = id;
  relay.site = site;
  relay.reported = relay.tended = true;
  return relay;
}

// One transfer from lon to van, two relays at each.
PlannerInput Input() {
  PlannerInput input;
  Transfer& transfer = input.queued.emplace_back();
  transfer.id = "t-1";
  transfer.source_site = "lon";
  transfer.destination_site = "van";
  transfer.volume = "proj";
  transfer.rendezvous = std::string(16, '\0');
  input.agents = {Agent("lon"), Agent("van")};
  input.relays = {Relay("lon-r1", "lon"), Relay("lon-r2", "lon"), Relay("van-r1", "van"), Relay("van-r2", "van")};
  return input;
}

TEST_CASE("an attempt goes over a relay of each site, the next one over others", "[planner]") {
  PlannerInput input = Input();
  const Plan first = MakePlan(input);
  REQUIRE(first.assignments.size() == 1);
  CHECK(first.assignments[0].relay_from == "lon-r1");
  CHECK(first.assignments[0].relay_to == "van-r1");
  input.queued[0].epoch.n = 1;
  CHECK(MakePlan(input).assignments[0].relay_from == "lon-r2");
  CHECK(MakePlan(input).assignments[0].relay_to == "van-r2");
}

TEST_CASE("a relay that drains or is busy is left out at either end", "[planner]") {
  PlannerInput input = Input();
  input.relays[0].draining = true;
  input.relays[2].busy_per_mille = 990;
  for (uint64_t epoch = 0; epoch < 4; ++epoch) {
    input.queued[0].epoch.n = epoch;
    const Plan plan = MakePlan(input);
    REQUIRE(plan.assignments.size() == 1);
    CHECK(plan.assignments[0].relay_from == "lon-r2");
    CHECK(plan.assignments[0].relay_to == "van-r2");
  }
}

TEST_CASE("without a relay that takes anything a transfer waits, says for which site, and takes no slot", "[planner]") {
  PlannerInput input = Input();
  std::string reason;
  SECTION("all drain") {
    input.relays[2].draining = input.relays[3].draining = true;
    reason = "RELAY_DRAINING";
  }
  SECTION("there is none") {
    input.relays.resize(2);
    reason = "RELAY_MISSING";
  }
  const Plan plan = MakePlan(input);
  CHECK(plan.assignments.empty());
  REQUIRE(plan.waits.size() == 1);
  CHECK(plan.waits[0].reason == reason);
  CHECK(plan.waits[0].detail.find("'van'") != std::string::npos);
}

}  // namespace
}  // namespace crossdock::orchestrator
