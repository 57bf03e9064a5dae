#include "agent/core/stream_count.h"

#include <algorithm>

#include "lib/wire/frames.h"

namespace crossdock::agent {
namespace {

// Measured: with 200 ms and 2 % loss at 500 Mbit/s, 8 legs fill 0.77 of the line and 16 legs 0.91; at 100 ms both fill
// it.
constexpr double kBytesInFlightPerLeg = 1 << 20;
constexpr double kUncapped = 125e6;  // bytes per second
constexpr uint64_t kWorthALeg = 4u << 20;

}  // namespace

uint16_t StreamsFor(uint16_t streams, std::chrono::nanoseconds round_trip, uint64_t bytes_per_second_max,
                    uint64_t package_bytes) {
  const double rate = bytes_per_second_max == 0 ? kUncapped : static_cast<double>(bytes_per_second_max);
  const double in_flight = rate * std::chrono::duration<double>(round_trip).count();
  const uint64_t wanted = std::min(static_cast<uint64_t>(in_flight / kBytesInFlightPerLeg), package_bytes / kWorthALeg);
  return static_cast<uint16_t>(std::clamp<uint64_t>(wanted, streams, wire::StreamsMaxOf(streams)));
}

}  // namespace crossdock::agent
