// Noticing that a peer is gone.
#pragma once

namespace crossdock::net {

// Has the kernel probe a silent TCP peer, and give one up that has not answered for a minute: a host that vanished
// without a word must not hold a connection for ever. Also TCP_NODELAY. What the kernel refuses is left as it is.
void KeepAlive(int fd);

}  // namespace crossdock::net
