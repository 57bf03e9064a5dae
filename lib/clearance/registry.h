// What lint may know of a roster: its sites, and who belongs where. Pure.
#pragma once

#include "lib/policy/lint.h"
#include "lib/trust/roster.h"

namespace crossdock::clearance {

policy::Registry RegistryOf(const trust::Roster& roster);

}  // namespace crossdock::clearance
