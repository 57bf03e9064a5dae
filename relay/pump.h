// Splices two sockets together, both ways, without the bytes ever entering this process.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "lib/net/wait.h"

namespace crossdock::relay {

// An unprivileged user is given 64 MiB of pipes, and ones of 8 KiB beyond: who asks less leaves some for the others.
struct PumpOptions {
  size_t pipe_forth = 1u << 20;  // bytes, a power of two
  size_t pipe_back = 64u << 10;
  std::chrono::milliseconds idle_max = std::chrono::hours(2);  // without a byte either way
};

// The options for a leg: content goes one way, and the more pairs there are the less each gets.
PumpOptions OptionsFor(bool control, bool first_sends, size_t joined, std::chrono::milliseconds idle_max);

struct PumpCounts {
  uint64_t bytes_forth = 0;  // from the first to the second
  uint64_t bytes_back = 0;
};

// Until both directions have ended (OK), one breaks (CONNECTION_LOST), nothing moves for too long (IDLE) or `cut` is
// set (CUT). A half-close is passed on. Both sockets are non-blocking and stay open. Blocks; two pipes while it runs.
absl::Status Pump(int first, int second, const PumpOptions& options, const net::Interrupt& cut, PumpCounts* counts);

}  // namespace crossdock::relay
