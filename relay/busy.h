// How busy a relay's host's processors are with the relay: what tells "the relay is the bottleneck" from "the line is".
#pragma once

#include <chrono>
#include <cstdint>

#include "lib/base/clock.h"

namespace crossdock::relay {

// The processor time of this process, all threads, its splicing in the kernel included.
std::chrono::microseconds ProcessorTime();
// How many processors it may run on.
int Processors();

// One for each who asks, so that each hears of the interval since its own last question. Not thread-safe.
class BusyMeter {
 public:
  // Shorter than this says nothing: the figure before is given again.
  static constexpr std::chrono::milliseconds kIntervalMin{500};

  BusyMeter(std::chrono::microseconds used, base::Steady now) : used_(used), since_(now) {}

  // Of the processor time that there was since the last figure, what was used of it: 0 … 1000.
  uint16_t PerMille(std::chrono::microseconds used, int processors, base::Steady now);

 private:
  std::chrono::microseconds used_;
  base::Steady since_;
  uint16_t last_ = 0;
};

}  // namespace crossdock::relay
