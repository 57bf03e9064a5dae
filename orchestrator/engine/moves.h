// Small pieces that several parts of the engine share.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/core/transfer.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// The transfer, locked until the transaction ends; TRANSFER_UNKNOWN otherwise.
absl::StatusOr<Transfer> Lock(pg::Tx& tx, std::string_view transfer);

// The source is not what was approved: dismisses the approvals and starts a new scan, from whatever state allows it.
absl::Status Rescan(pg::Tx& tx, const Transfer& transfer, std::string_view actor, std::string_view reason,
                    std::string_view detail, base::Instant now);

// Sends a live transfer back to deciding, when it is in a state that can go there. False when it is not.
bool Reconsider(pg::Tx& tx, const Transfer& transfer, std::string_view actor, std::string_view reason,
                std::string_view detail, base::Instant now);

// Tells the asset database, and whom the policy names, how a transfer stands. Call in the transaction of the move
// itself.
void Report(pg::Tx& tx, const Transfer& transfer, State state, std::string_view note, base::Instant now);

// In [0, 1).
double Jitter(const Context& context);

}  // namespace crossdock::orchestrator::engine
