// Which duties an orchestrator has, and when: the table.
#pragma once

#include <vector>

#include "orchestrator/engine/context.h"
#include "orchestrator/engine/intake.h"
#include "orchestrator/loops/duties.h"

namespace crossdock::orchestrator::loops {

// The engine's. `context` and the databases outlive the duties.
std::vector<DutySpec> EngineDuties(const engine::Context& context, const engine::AssetDatabases& databases);

}  // namespace crossdock::orchestrator::loops
