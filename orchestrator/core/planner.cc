#include "orchestrator/core/planner.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace crossdock::orchestrator {
namespace {

// The agent of `site` that has the volume and the most free slots; else the reason why there is none.
struct Choice {
  AgentView* agent = nullptr;
  std::string reason;
  std::string detail;
};

Choice Choose(std::vector<AgentView>& agents, const std::string& site, const std::string& volume) {
  Choice choice{nullptr, "AGENT_OFFLINE",
                base::StrCat("site '", site, "' has no agent online; start one, or see `crossdock agent list`")};
  // What stands nearest to going is the reason that helps most.
  for (AgentView& agent : agents) {
    if (agent.site != site) continue;
    if (choice.agent == nullptr && choice.reason == "AGENT_OFFLINE") {
      choice.reason = "VOLUME_MISSING";
      choice.detail = base::StrCat("no agent online at site '", site, "' has the volume '", volume, "'");
    }
    if (!agent.volumes.contains(volume)) continue;
    if (agent.clock_skewed) {
      choice.reason = choice.agent == nullptr && choice.reason != "AGENT_BUSY" ? "CLOCK_SKEW" : choice.reason;
      if (choice.reason == "CLOCK_SKEW") {
        choice.detail = base::StrCat("the clock of agent '", agent.id, "' is more than 30 s off; correct it");
      }
      continue;
    }
    if (agent.slots_free <= 0) {
      if (choice.agent == nullptr) {
        choice.reason = "AGENT_BUSY";
        choice.detail = base::StrCat("every agent at site '", site, "' has all its slots in use");
      }
      continue;
    }
    if (choice.agent == nullptr || agent.slots_free > choice.agent->slots_free) choice.agent = &agent;
  }
  return choice;
}

// The rendezvous spreads transfers over relays, the epoch leads a retry past one that is down.
uint64_t Spread(const Transfer& transfer) {
  return transfer.epoch.n + (transfer.rendezvous.empty() ? 0 : static_cast<uint8_t>(transfer.rendezvous.front()));
}

}  // namespace

Plan MakePlan(const PlannerInput& input) {
  Plan plan;
  std::vector<AgentView> agents = input.agents;
  std::map<std::pair<std::string, std::string>, LinkState> links = input.links;
  for (const Transfer& transfer : input.queued) {
    const auto wait = [&](std::string reason, std::string detail) {
      plan.waits.push_back({transfer, std::move(reason), std::move(detail)});
    };
    LinkState& link = links[{transfer.source_site, transfer.destination_site}];
    const std::string link_name = base::StrCat(transfer.source_site, " → ", transfer.destination_site);
    if (!link.held_reason.empty()) {
      wait("LINK_HELD", base::StrCat("the link ", link_name, " is held: ", link.held_reason));
      continue;
    }
    if (link.running >= link.concurrency) {
      wait("LINK_FULL", base::StrCat("the link ", link_name, " carries its ", link.concurrency, " transfers already"));
      continue;
    }
    const RelayChoice near = ChooseRelay(input.relays, transfer.source_site, Spread(transfer));
    const RelayChoice far = ChooseRelay(input.relays, transfer.destination_site, Spread(transfer));
    if (near.id.empty() || far.id.empty()) {
      const RelayChoice& missing = near.id.empty() ? near : far;
      wait(missing.reason, missing.detail);
      continue;
    }
    const Choice from = Choose(agents, transfer.source_site, transfer.volume);
    if (from.agent == nullptr) {
      wait(from.reason, from.detail);
      continue;
    }
    const Choice to = Choose(agents, transfer.destination_site, transfer.volume);
    if (to.agent == nullptr) {
      wait(to.reason, to.detail);
      continue;
    }
    --from.agent->slots_free;
    --to.agent->slots_free;
    ++link.running;
    plan.assignments.push_back({transfer, from.agent->id, to.agent->id, near.id, far.id});
  }
  return plan;
}

}  // namespace crossdock::orchestrator
