// When staging that an attempt may have left at its destination is to be removed.
//
// Pure and thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

// What one agent may hold of one transfer, and how the transfer stands. Kept from the assignment until the agent says
// that its staging is gone; also of a transfer that was delivered, whose agent removes it without being asked.
struct HeldStaging {
  std::string transfer;
  std::string volume;
  Epoch epoch;  // of the newest attempt that the agent received
  int refusals = 0;
  State state = State::kReceived;
  base::Instant state_since;
  std::optional<base::Instant> renewed;               // when an attempt at the transfer was last reported
  std::optional<std::chrono::milliseconds> keep_max;  // as the policy's `delete_staging_within` has it
};

// The least that a policy can demand.
inline constexpr std::chrono::hours kKeepMin{1};

// From when on it is due: `keep`, or what the policy demands when that is less, after the transfer ended or last moved,
// so that a retry resumes until then. Nothing while an attempt runs or publishes, whichever agent's it is.
std::optional<base::Instant> CleaningDue(const HeldStaging& held, std::chrono::milliseconds keep);

// How long an agent that could not clean is left alone, after `refusals` of them (1 = the first).
std::chrono::milliseconds CleaningPause(int refusals);

}  // namespace crossdock::orchestrator
