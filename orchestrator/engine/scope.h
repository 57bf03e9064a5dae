// What a policy speaks for, as text: `studio`, `client:X` or `show:X/Y`. Pure.
#pragma once

#include <string>

#include "lib/base/strings.h"
#include "lib/policy/policy.h"

namespace crossdock::orchestrator::engine {

inline std::string ScopeOf(const policy::Policy& policy) {
  switch (policy.scope().level()) {
    case policy::Scope::Level::kStudio:
      return "studio";
    case policy::Scope::Level::kClient:
      return base::StrCat("client:", policy.client);
    case policy::Scope::Level::kShow:
      return base::StrCat("show:", policy.client, "/", policy.show);
  }
  return "";
}

}  // namespace crossdock::orchestrator::engine
