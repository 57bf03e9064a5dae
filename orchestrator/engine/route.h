// How the two agents of an attempt reach each other, and the tickets that let them.
#pragma once

#include "absl/status/statusor.h"
#include "orchestrator/core/tasks.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::engine {

struct Ends {
  store::Agent sender;
  store::Agent receiver;
};

struct Routes {
  Route sender;
  Route receiver;
};

// Over the relays that the planner chose for this attempt; signs the tickets. The same bytes for some minutes
// on end, so that a desired state that has not changed does not look changed. RELAY_MISSING.
absl::StatusOr<Routes> MakeRoutes(const Context& context, pg::Tx& tx, const Transfer& transfer, const Ends& ends,
                                  int64_t bytes_per_second_max, base::Instant now);

}  // namespace crossdock::orchestrator::engine
