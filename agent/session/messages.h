// The contract with the orchestrator ⇄ core: nothing but translation. What an unknown orchestrator sends is bounded by
// gRPC's message size; whether it makes sense is checked where it is used.
#pragma once

#include <optional>

#include "agent/core/host.h"
#include "agent/core/task_board.h"
#include "crossdock/agent/v1/session.pb.h"
#include "lib/base/clock.h"

namespace crossdock::agent {

// Nothing for a kind of work that this version does not know.
std::optional<Task> FromMessage(const v1::Task& message);
DesiredState FromMessage(const v1::DesiredState& message);
TrustUpdate FromMessage(const v1::TrustUpdate& message);
WitnessRequest FromMessage(const v1::WitnessRequest& message);

void Fill(const WitnessAnswer& answer, v1::WitnessAnswer* message);
void Fill(const wire::Epoch& epoch, v1::Epoch* message);
// All of a report but its sequence.
void Fill(const BoardReport& board, Host& host, base::Instant now, v1::AgentReport* message);
void Fill(const std::vector<VolumeSpace>& volumes, google::protobuf::RepeatedPtrField<v1::VolumeInfo>* message);

}  // namespace crossdock::agent
