// What every part of the engine is given by main. Not owned; all of it outlives the engine's callers.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/base/random.h"
#include "lib/pg/database.h"
#include "lib/policy/parsed.h"
#include "orchestrator/core/agent_view.h"
#include "orchestrator/core/fleet.h"
#include "orchestrator/core/wakes.h"

namespace crossdock::orchestrator::engine {

// Thread-safe, as its parts are.
struct Context {
  pg::Database& database;
  const base::Clock& clock;
  base::Random& random;
  Wakes& wakes;
  // Signs tickets and deny lists; the relays believe it because their `keys` bundle names it.
  const base::PrivateKey& ticket_key;
  // The agents that are online now.
  std::function<std::vector<AgentView>()> online;
  // An attempt whose agents have not reported for so long is taken from them.
  std::chrono::milliseconds lease{20'000};
  int streams = 8;
  // Staging is removed so long after its transfer ended or last moved.
  std::chrono::milliseconds staging_keep = std::chrono::hours(24);
  // What the agents say of the relays now; of those that are not named nothing is known.
  std::function<std::vector<RelayState>()> relays = [] { return std::vector<RelayState>(); };
  // Whom Notify can tell.
  std::set<std::string> recipients = {};
  // The policies that were read for decisions.
  std::shared_ptr<policy::ParsedPolicies> parsed = std::make_shared<policy::ParsedPolicies>();
};

}  // namespace crossdock::orchestrator::engine
