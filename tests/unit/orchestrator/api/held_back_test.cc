// What `transfer show` says of a transfer that moves: which part of its way holds it back.
#include "catch2/catch.hpp"
#include "orchestrator/api/messages.h"

namespace crossdock::orchestrator::api {
namespace {

AgentReport ReportOf(const std::string& relay, uint32_t busy_per_mille, bool receives) {
  AgentReport report;
  TaskProgress task;
  task.task = task.transfer = "t-1";
  task.receives = receives;
  task.stages.line = 0.9;
  report.tasks = {task};
  RelayReport of_relay;
  of_relay.relay = relay;
  of_relay.tended = true;
  of_relay.busy_per_mille = busy_per_mille;
  report.relays = {of_relay};
  return report;
}

TEST_CASE("a transfer that waits for the network is held back by its own busy relay, by its name", "[bottleneck]") {
  const base::Instant now(std::chrono::seconds(100));
  Fleet fleet;
  fleet.Connected(1, "lon-1", "lon", "0.1", {}, now);
  fleet.Connected(2, "van-1", "van", "0.1", {}, now);
  Transfer transfer;
  transfer.id = "t-1";
  transfer.state = State::kRunning;
  transfer.source_site = "lon";
  transfer.destination_site = "van";
  transfer.relay_from = "lon-r1";
  transfer.relay_to = "van-r1";
  fleet.Reported(1, "lon-1", ReportOf("lon-r1", 200, false), now);
  fleet.Reported(2, "van-1", ReportOf("van-r1", 970, true), now);
  CHECK(ToMessage(transfer, fleet).held_back_by() == "relay van-r1");
  fleet.Reported(2, "van-1", ReportOf("van-r2", 970, true), now);  // not over this one
  CHECK(ToMessage(transfer, fleet).held_back_by() == "WAN");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
