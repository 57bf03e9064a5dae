// The roles that the configuration gives to people's certificates, by person.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/rpc/caller.h"
#include "lib/trust/roster.h"
#include "orchestrator/core/role_grant.h"

namespace crossdock::orchestrator::api {

using RolesOfUsers = std::map<std::string, std::vector<rpc::Role>>;  // SPIFFE name → roles

// Of all certificates whose name is one of `person`'s. Pure.
std::vector<HeldRole> ConfiguredRolesOf(const RolesOfUsers& users, const trust::Roster& roster,
                                        const std::string& person);

// Whether a role may be given for one client: whether, bound to one, it opens anything that a viewer's does not. Pure.
bool FitsOneClient(rpc::Role role);

}  // namespace crossdock::orchestrator::api
