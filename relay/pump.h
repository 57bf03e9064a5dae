// Splices two sockets together, both ways, without the bytes ever entering this process.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "lib/net/wait.h"

namespace crossdock::relay {

struct PumpCounts {
  uint64_t bytes_forth = 0;  // from the first to the second
  uint64_t bytes_back = 0;
};

// Until both directions have ended, one breaks, or `cut` is set. A half-close is passed on. Both sockets are
// non-blocking and stay open. Blocks; two pipes while it runs.
absl::Status Pump(int first, int second, const net::Interrupt& cut, PumpCounts* counts);

}  // namespace crossdock::relay
