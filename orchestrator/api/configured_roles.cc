#include "orchestrator/api/configured_roles.h"

#include <algorithm>

#include "lib/base/strings.h"
#include "orchestrator/api/permissions.h"

namespace crossdock::orchestrator::api {

std::vector<HeldRole> ConfiguredRolesOf(const RolesOfUsers& users, const trust::Roster& roster,
                                        const std::string& person) {
  std::vector<HeldRole> held;
  for (const auto& [spiffe_name, roles] : users) {
    const auto id = rpc::ParseSpiffeId(spiffe_name);
    if (!id.ok() || roster.PersonOfSubject(base::StrCat("user:", id->name)) != person) continue;
    for (const rpc::Role role : roles) held.push_back({std::string(rpc::RoleName(role)), ""});
  }
  return held;
}

bool FitsOneClient(rpc::Role role) {
  const std::vector<rpc::MethodRule> rules = MethodRules();
  return std::any_of(rules.begin(), rules.end(), [&](const rpc::MethodRule& rule) {
    const bool beyond = role == rpc::Role::kViewer || !rpc::Holds(rpc::Role::kViewer, rule.permission);
    return beyond && rule.bound != rpc::Bound::kRefused && rpc::Holds(role, rule.permission);
  });
}

}  // namespace crossdock::orchestrator::api
