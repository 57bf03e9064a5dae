// What an agent should be doing now, computed from the rows; never stored, so it cannot be stale.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Tickets and warrants are made anew at each call; a task's id says whether it is the same work:
//
//   scan/<transfer>/<scan>   hash/<transfer>/<scan>   send/<transfer>/<epoch>   receive/<transfer>/<epoch>
//   clean/<transfer>/<epoch>
//
// A committed attempt keeps its receiver's id, with a FinishTask: who still runs it goes on, who lost it finishes it.
absl::StatusOr<DesiredSet> DesiredTasks(const Context& context, std::string_view agent);

}  // namespace crossdock::orchestrator::engine
