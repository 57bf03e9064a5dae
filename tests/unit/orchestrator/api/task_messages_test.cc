#include "orchestrator/api/task_messages.h"

#include "catch2/catch.hpp"

namespace crossdock::orchestrator::api {
namespace {

TEST_CASE("what an agent says of a relay is read whole") {
  agent::v1::AgentReport message;
  agent::v1::RelayStatus& relay = *message.add_relays();
  relay.set_relay("lon-r1");
  relay.set_tended(true);
  relay.set_draining(true);
  relay.set_load(18);
  relay.set_busy_per_mille(930);
  relay.set_clock_skew_milliseconds(-40);
  relay.set_keys_number(3);
  relay.set_deny_number(9);
  relay.set_problem("NUMBER_TOO_OLD");
  const AgentReport report = FromMessage(message);
  REQUIRE(report.relays.size() == 1);
  const RelayReport& read = report.relays[0];
  CHECK(read.relay == "lon-r1");
  CHECK(read.tended);
  CHECK(read.draining);
  CHECK(read.load == 18);
  CHECK(read.busy_per_mille == 930);
  CHECK(read.clock_skew.count() == -40);
  CHECK(read.keys_number == 3);
  CHECK(read.deny_number == 9);
  CHECK(read.problem == "NUMBER_TOO_OLD");
}

TEST_CASE("nobody is busier than wholly") {
  agent::v1::AgentReport message;
  message.add_relays()->set_busy_per_mille(70'000);
  CHECK(FromMessage(message).relays[0].busy_per_mille == 1'000);
}

TEST_CASE("an agent is given the calendars of each policy with it") {
  MoveTask move;
  move.warrant.policies = {{"studio's", "signed", {}}, {"client's", "signed", {"BEGIN:VCALENDAR\r\n", "\xff"}}};
  const agent::v1::Task message = ToMessage(Task{"send/1", "t-1", move});
  const auto& policies = message.receive().warrant().policies();
  REQUIRE(policies.size() == 2);
  CHECK(policies[0].calendars().empty());
  REQUIRE(policies[1].calendars().size() == 2);
  CHECK(policies[1].calendars(1) == "\xff");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
