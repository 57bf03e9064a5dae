// What each method of each service demands: one row a method. rpc::Gate refuses what has no row, and the start fails
// when a served method has none.
#pragma once

#include <vector>

#include "lib/rpc/gate.h"

namespace crossdock::orchestrator::api {

std::vector<rpc::MethodRule> MethodRules();

}  // namespace crossdock::orchestrator::api
