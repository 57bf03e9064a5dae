// Staging that nobody needs any more: which agent is asked to remove it, and what it says.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Adds what `agent` is to remove now, a few at a time. They stay wanted until RecordClean says how it went, so that an
// agent that is away, or whose answer was lost, is asked again.
void AddCleaning(const Context& context, pg::Tx& tx, std::string_view agent, base::Instant now,
                 std::vector<Task>& tasks);

// `agent` removed its staging, or could not: then it is asked again later. Repeating is harmless, and so is a word
// about an attempt that is not its newest.
absl::Status RecordClean(const Context& context, std::string_view agent, const CleanOutcome& outcome);

}  // namespace crossdock::orchestrator::engine
