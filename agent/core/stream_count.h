// How many data legs a line needs. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace crossdock::agent {

// At least `streams`, at most wire::StreamsMaxOf(streams): so many that the bytes that a line of this round trip holds
// at its cap fit into the legs' send buffers (Linux lets a socket's grow to 4 MiB, and a lossy line wants several times
// what is in flight). Without a cap, 0, as for 1 Gbit/s. A package that is over in a few round trips gets no more legs.
uint16_t StreamsFor(uint16_t streams, std::chrono::nanoseconds round_trip, uint64_t bytes_per_second_max,
                    uint64_t package_bytes);

}  // namespace crossdock::agent
