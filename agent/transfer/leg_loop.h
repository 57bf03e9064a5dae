// Keeps one leg alive: dials it, and dials it again when it breaks, until its work is done or nothing helps.
#pragma once

#include <functional>

#include "agent/transfer/byte_stream.h"
#include "agent/transfer/lifeline.h"

namespace crossdock::agent {

// How often in a row a leg may fail without having moved a byte before it is given up.
inline constexpr int kLegFailuresMax = 6;

// What a leg did before it returned: `done` when there is nothing left for it, `moved` when it was of use.
struct LegOutcome {
  absl::Status status;
  bool moved = false;
};

// Runs `work` on fresh streams until it returns OK or the attempt ends; returns the last error when the leg is given
// up. Blocks; waits between failures 0.1 s and double each time.
absl::Status RunLeg(uint16_t leg, LegDialer& dialer, Lifeline& lifeline,
                    const std::function<LegOutcome(ByteStream& stream, uint16_t attempt)>& work);

// The attempt's control leg: the same tries, one stream.
absl::StatusOr<std::unique_ptr<ByteStream>> DialControl(LegDialer& dialer, Lifeline& lifeline);

}  // namespace crossdock::agent
