// What a policy speaks for, as text: `studio`, `client:X` or `show:X/Y`. The key of a policy (policy::ScopeKey) is how
// statements and people name the same. Pure.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/strings.h"
#include "lib/policy/policy.h"

namespace crossdock::orchestrator::engine {

inline std::string ScopeOfKey(std::string_view key) {
  if (key == policy::kStudioKey) return "studio";
  return key.starts_with("show:") ? std::string(key) : base::StrCat("client:", key);
}
inline std::string ScopeOf(const policy::Policy& policy) { return ScopeOfKey(policy::ScopeKey(policy.scope())); }

inline std::string KeyOf(std::string_view scope) {
  constexpr std::string_view kClient = "client:";
  if (scope == "studio") return std::string(policy::kStudioKey);
  return std::string(scope.starts_with(kClient) ? scope.substr(kClient.size()) : scope);
}

// The client that a scope lies in; empty for the studio's.
inline std::string ClientOf(std::string_view scope) { return policy::ClientOfScope(KeyOf(scope)); }
// Its show; empty for a client's or the studio's.
inline std::string_view ProjectOf(std::string_view scope) {
  const size_t slash = scope.find('/');
  return slash == std::string_view::npos ? "" : scope.substr(slash + 1);
}

}  // namespace crossdock::orchestrator::engine
