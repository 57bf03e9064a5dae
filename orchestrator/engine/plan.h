// Queued → running.
#pragma once

#include "absl/status/status.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Plans over a bounded window of the queue and assigns what may go; what waits gets its reason. A second replica that
// plans at the same time is harmless: each assignment is guarded by the row's state and epoch.
absl::Status PlanOnce(const Context& context, base::Instant now);

}  // namespace crossdock::orchestrator::engine
