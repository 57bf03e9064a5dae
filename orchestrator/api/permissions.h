// What each method of each service demands, and what it is to a caller who is bound to one client: one row a method.
// rpc::Gate refuses what has no row, and the start fails when a served method has none. docs/authorization.md shows
// what comes of it; a test measures that page on a real server.
#pragma once

#include <vector>

#include "lib/rpc/gate.h"

namespace crossdock::orchestrator::api {

std::vector<rpc::MethodRule> MethodRules();

}  // namespace crossdock::orchestrator::api
