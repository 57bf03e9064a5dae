// The planner: which of the queued transfers go now, with which agents, and why each of the others waits.
//
// Pure. Priority first, then age, inside the limits of each link and each agent. A transfer that cannot go never blocks
// one of another link.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/core/agent_view.h"
#include "orchestrator/core/relay_choice.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

inline constexpr int kLinkConcurrencyDefault = 4;

struct LinkState {
  int concurrency = kLinkConcurrencyDefault;
  int running = 0;
  std::string held_reason;  // not empty: nothing goes over it
};

struct PlannerInput {
  std::vector<Transfer> queued;                                    // in the order in which they should go
  std::vector<AgentView> agents;                                   // online ones
  std::map<std::pair<std::string, std::string>, LinkState> links;  // (from, to); absent: defaults
  std::vector<RelayView> relays;                                   // all that are registered
};

struct PlannedAssignment {
  Transfer transfer;
  std::string agent_from;
  std::string agent_to;
  std::string relay_from;
  std::string relay_to;
};
struct PlannedWait {
  Transfer transfer;
  std::string reason;  // AGENT_OFFLINE, VOLUME_MISSING, AGENT_BUSY, CLOCK_SKEW, LINK_FULL, LINK_HELD, RELAY_MISSING,
                       // RELAY_DRAINING
  std::string detail;
};
struct Plan {
  std::vector<PlannedAssignment> assignments;
  std::vector<PlannedWait> waits;
};

Plan MakePlan(const PlannerInput& input);

}  // namespace crossdock::orchestrator
