// The facts of one transfer, each from where it can be trusted. Internal to this folder; see clearance.h.
#pragma once

#include "absl/status/statusor.h"
#include "lib/clearance/clearance.h"

namespace crossdock::clearance {

absl::StatusOr<policy::Facts> CollectFacts(const Request& request, const trust::Roster& roster);

}  // namespace crossdock::clearance
