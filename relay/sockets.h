// What a relay asks of its sockets and of the host. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace crossdock::relay {

// Of the sockets that cross the internet: the congestion control that a lossy line needs, and the ticket's ceiling.
void PrepareWan(int fd, uint64_t bytes_per_second_max);
// Whether PrepareWan's congestion control may be had on this host.
bool HasBbr();

// How many descriptors that many connections come to, beside `half_open_max` copies.
int64_t DescriptorsFor(int connections, size_t half_open_max);
// How many connections this process has descriptors for beside `half_open_max` copies, at most `wanted`.
int ConnectionsPossible(int wanted, size_t half_open_max);

}  // namespace crossdock::relay
