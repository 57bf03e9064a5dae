#include "orchestrator/core/fleet.h"

#include "catch2/catch.hpp"

namespace crossdock::orchestrator {
namespace {

using std::chrono::seconds;

base::Instant At(int64_t second) { return base::Instant(seconds(second)); }

AgentReport ReportAt(base::Instant time, uint32_t slots_free = 4) {
  AgentReport report;
  report.agent_time = time;
  report.slots_free = slots_free;
  report.volumes = {{"proj", 10, 20}};
  return report;
}
TaskProgress Progress(const std::string& transfer, bool receives, uint64_t bytes) {
  TaskProgress task;
  task.task = transfer + (receives ? "-in" : "-out");
  task.transfer = transfer;
  task.receives = receives;
  task.bytes_done = bytes;
  return task;
}

TEST_CASE("an agent can be planned for once it has reported, and no more when its stream has ended", "[fleet]") {
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {{"proj", 1, 2}}, At(100));
  CHECK(fleet.Online().empty());
  REQUIRE(fleet.Reported(1, "lon-1", ReportAt(At(101)), At(101)));
  REQUIRE(fleet.Online().size() == 1);
  CHECK(fleet.Online()[0].volumes == std::set<std::string>{"proj"});
  CHECK(fleet.Online()[0].slots_free == 4);
  fleet.Disconnected(1, "lon-1", At(102));
  CHECK(fleet.Online().empty());
  CHECK_FALSE(fleet.Find("lon-1")->online);
}

TEST_CASE("a replaced session can neither report nor take the agent offline", "[fleet]") {
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {}, At(100));
  fleet.Connected(2, "lon-1", "lon", "0.1", {}, At(101));
  CHECK_FALSE(fleet.Reported(1, "lon-1", ReportAt(At(102)), At(102)));
  CHECK(fleet.Reported(2, "lon-1", ReportAt(At(102)), At(102)));
  fleet.Disconnected(1, "lon-1", At(103));
  CHECK(fleet.Online().size() == 1);
}

TEST_CASE("an agent whose clock is more than 30 s off is marked", "[fleet]") {
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {}, At(100));
  fleet.Reported(1, "lon-1", ReportAt(At(70)), At(100));
  CHECK_FALSE(fleet.Online()[0].clock_skewed);
  fleet.Reported(1, "lon-1", ReportAt(At(69)), At(100));
  CHECK(fleet.Online()[0].clock_skewed);
  fleet.Reported(1, "lon-1", ReportAt(At(131)), At(100));
  CHECK(fleet.Online()[0].clock_skewed);
}

TEST_CASE("what an agent was told and does not report yet takes its slots already", "[fleet]") {
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {}, At(100));
  AgentReport report = ReportAt(At(100), 2);
  report.moves_unreported = 1;
  fleet.Reported(1, "lon-1", report, At(100));
  CHECK(fleet.Online()[0].slots_free == 1);
  report.moves_unreported = 5;
  fleet.Reported(1, "lon-1", report, At(100));
  CHECK(fleet.Online()[0].slots_free == 0);
}

TEST_CASE("progress is the receiver's word when it has one", "[fleet]") {
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {}, At(100));
  fleet.Connected(2, "van-1", "van", "0.1", {}, At(100));
  AgentReport sender = ReportAt(At(100));
  sender.tasks = {Progress("t-1", false, 500)};
  fleet.Reported(1, "lon-1", sender, At(100));
  CHECK(fleet.ProgressOf("t-1")->bytes_done == 500);
  AgentReport receiver = ReportAt(At(100));
  receiver.tasks = {Progress("t-1", true, 400)};
  fleet.Reported(2, "van-1", receiver, At(100));
  CHECK(fleet.ProgressOf("t-1")->bytes_done == 400);
  CHECK_FALSE(fleet.ProgressOf("t-2"));
}

TEST_CASE("of two agents' words about a relay the one that tends it counts", "[fleet]") {
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {}, At(100));
  fleet.Connected(2, "lon-2", "lon", "0.1", {}, At(100));
  RelayReport tended;
  tended.relay = "lon-r1";
  tended.tended = true;
  RelayReport lost;
  lost.relay = "lon-r1";
  lost.problem = "connection refused";
  AgentReport first = ReportAt(At(100));
  first.relays = {tended};
  AgentReport second = ReportAt(At(101));
  second.relays = {lost};
  fleet.Reported(1, "lon-1", first, At(100));
  fleet.Reported(2, "lon-2", second, At(101));
  REQUIRE(fleet.Relays().size() == 1);
  CHECK(fleet.Relays()[0].agent == "lon-1");
  CHECK(fleet.FindRelay("lon", "lon-r1")->tended);
  CHECK_FALSE(fleet.FindRelay("van", "lon-r1"));
  CHECK_FALSE(fleet.FindRelay("lon", "lon-r2"));
  fleet.Disconnected(1, "lon-1", At(102));
  CHECK_FALSE(fleet.FindRelay("lon", "lon-r1"));  // whoever is left does not reach it
}

}  // namespace
}  // namespace crossdock::orchestrator
