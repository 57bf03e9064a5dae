// A transfer's row as the question that lib/clearance answers, and as the agents are to ask it again. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lib/clearance/clearance.h"
#include "lib/policy/fact.h"
#include "orchestrator/core/tasks.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator::engine {

// What the asset database and the requester said. A field that they left empty is unknown, not empty.
policy::Facts AssertedFacts(const Transfer& transfer);
// The same for a warrant.
std::map<std::string, AssertedFact> WarrantFacts(const policy::Facts& facts);

// `approvals` are the signed statements that are live, `delegations` those by which they may count in another's place.
clearance::Request ClearanceRequest(const Transfer& transfer, std::vector<std::string> approvals,
                                    std::vector<std::string> delegations);

}  // namespace crossdock::orchestrator::engine
