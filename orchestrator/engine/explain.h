// Why is it not there yet?
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// The reason is never empty while the transfer waits. TRANSFER_UNKNOWN.
absl::StatusOr<Explanation> Explain(const Context& context, std::string_view transfer);

}  // namespace crossdock::orchestrator::engine
