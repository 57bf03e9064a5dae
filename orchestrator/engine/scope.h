// What a policy speaks for, as text: `studio`, `client:X` or `show:X/Y`. Pure.
#pragma once

#include <string>

#include "lib/base/strings.h"
#include "lib/policy/policy.h"

namespace crossdock::orchestrator::engine {

inline std::string ScopeOf(const policy::Policy& policy) { return base::StrCat("client:", policy.client); }

}  // namespace crossdock::orchestrator::engine
