// Carries out what policies oblige the studio to: telling recipients what becomes of a transfer.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Hands `document` to `recipient`, once or several times under the same `id`. Blocks; any thread.
using Tell = std::function<absl::Status(const std::string& recipient, const std::string& id,
                                        const std::string& document, base::Instant now)>;

// Tells what is due, each in no transaction, so that a slow recipient holds up nothing in the database: a crash in
// between tells again. What was taken is audited, and so is what nobody took for three days, which is given up.
absl::Status Notify(const Context& context, const Tell& tell, base::Instant now);

}  // namespace crossdock::orchestrator::engine
