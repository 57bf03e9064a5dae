// What a data leg of the sender is at, for those who watch it. Written by the leg's thread, read by any.
#pragma once

#include <atomic>
#include <cstdint>

namespace crossdock::agent {

struct LegGauge {
  std::atomic<uint64_t> bytes = 0;    // handed to the leg's connections, all of them
  std::atomic<bool> busy = false;     // has something to send
  std::atomic<bool> waiting = false;  // inside a write
};

}  // namespace crossdock::agent
