// A candidate over what was decided before: what it would have let through, and what it would have stopped.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/core/policy_commands.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Decisions that one call looks at.
inline constexpr int64_t kReplayedMax = 1'000'000;

// Reads the stored decisions of the candidate's scope since `since`, in short transactions. POLICY_INVALID when the
// text does not load, CALENDAR_MISSING when a file that it names did not come along.
absl::StatusOr<PolicyReplay> ReplayPast(const Context& context, const PolicyText& text, base::Instant since,
                                        int examples);

}  // namespace crossdock::orchestrator::engine
