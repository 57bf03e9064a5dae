// What the planner sees of an agent: a copy, taken at one moment.
#pragma once

#include <cstdint>
#include <set>
#include <string>

namespace crossdock::orchestrator {

struct AgentView {
  std::string id;
  std::string site;
  int slots_free = 0;
  std::set<std::string> volumes;
  bool clock_skewed = false;  // more than 30 s: nothing is assigned to it
};

}  // namespace crossdock::orchestrator
