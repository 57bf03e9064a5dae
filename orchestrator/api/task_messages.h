// The agents' contract ⇄ core: nothing but translation.
#pragma once

#include "crossdock/agent/v1/session.pb.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/core/fleet.h"

namespace crossdock::orchestrator::api {

crossdock::agent::v1::Task ToMessage(const Task& task);
crossdock::agent::v1::TrustUpdate ToMessage(const SiteTrust& trust);

// Transfers and directions of the tasks are not in a report; the session fills them in.
AgentReport FromMessage(const crossdock::agent::v1::AgentReport& report);
std::vector<VolumeSpace> FromMessage(
    const google::protobuf::RepeatedPtrField<crossdock::agent::v1::VolumeInfo>& volumes);

}  // namespace crossdock::orchestrator::api
