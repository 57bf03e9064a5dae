#include "orchestrator/engine/plan.h"

#include <utility>

#include "lib/base/status.h"
#include "orchestrator/core/planner.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/rules.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

constexpr int kWindow = 500;

std::vector<RelayView> ReadRelays(const Context& context, pg::Tx& tx) {
  const std::vector<RelayState> states = context.relays();
  std::vector<RelayView> relays;
  for (const store::Relay& relay : store::ListRelays(tx, "")) {
    RelayView& view = relays.emplace_back();
    view.id = relay.id;
    view.site = relay.site;
    for (const RelayState& state : states) {
      if (state.site != relay.site || state.report.relay != relay.id) continue;
      view.reported = true;
      view.tended = state.report.tended;
      view.draining = state.report.draining;
      view.load = state.report.load;
      view.busy_per_mille = state.report.busy_per_mille;
    }
  }
  return relays;
}

PlannerInput ReadInput(const Context& context, pg::Tx& tx, base::Instant now) {
  PlannerInput input;
  input.queued = store::TransfersInState(tx, State::kQueued, now, kWindow);
  input.agents = context.online();
  for (const store::Link& link : store::ListLinks(tx)) {
    input.links[{link.source_site, link.destination_site}] = {link.concurrency, 0, link.held_reason};
  }
  for (const store::LinkLoad& load : store::LinkLoads(tx)) {
    input.links[{load.source_site, load.destination_site}].running = load.running;
  }
  input.relays = ReadRelays(context, tx);
  return input;
}

}  // namespace

absl::Status PlanOnce(const Context& context, base::Instant now) {
  std::vector<PlannedAssignment> assigned;
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    assigned.clear();
    const PlannerInput input = ReadInput(context, tx, now);
    if (input.queued.empty()) return absl::OkStatus();
    const uint64_t generation = store::DatabaseGeneration(tx);
    const Plan plan = MakePlan(input);
    for (const PlannedAssignment& one : plan.assignments) {
      // Time has passed since it was allowed.
      ASSIGN_OR_RETURN(const Ruling ruling, Decide(tx, one.transfer, "dispatch", now, context.parsed.get()));
      if (!ruling.allowed()) {
        Reconsider(tx, one.transfer, "policy", ruling.reason, ruling.detail, now);
        continue;
      }
      const store::MoveNote note{Cause::kAssigned, "planner", "",
                                 base::StrCat(one.agent_from, " sends to ", one.agent_to, ", over ", one.relay_from,
                                              one.relay_from == one.relay_to ? "" : " and ",
                                              one.relay_from == one.relay_to ? "" : one.relay_to),
                                 now};
      if (store::AssignTransfer(tx, one.transfer,
                                {one.agent_from, one.agent_to, generation, one.relay_from, one.relay_to}, note))
        assigned.push_back(one);
    }
    for (const PlannedWait& wait : plan.waits)
      store::SetReason(tx, wait.transfer.id, State::kQueued, wait.reason, wait.detail);
    return absl::OkStatus();
  }));
  for (const PlannedAssignment& one : assigned) {
    // The one that listed the files may be another agent than the one that sends them.
    context.wakes.WakeAgent(one.transfer.agent_from);
    context.wakes.WakeAgent(one.agent_from);
    context.wakes.WakeAgent(one.agent_to);
  }
  if (!assigned.empty()) context.wakes.Wake(Duty::kWatch);
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
