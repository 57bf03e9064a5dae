// Approvals that are open for long: who is reminded, and who is told besides.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/engine/decide.h"

namespace crossdock::orchestrator::engine {

// After `transfer` moved by `ruling`: who is to be told, and when, if it now waits for approvals; nobody any more if it
// does not. The time runs on while the same is asked for, whatever was approved of it.
void KeepReminders(pg::Tx& tx, std::string_view transfer, const Ruling& ruling, base::Instant now);

// Has everybody told whose time has come, once, with an audit row each in the same transaction. Approves nothing, and
// moves nothing.
absl::Status Remind(const Context& context, base::Instant now);

}  // namespace crossdock::orchestrator::engine
