// A listening socket for loops that poll; survives running out of descriptors.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/fd.h"
#include "lib/net/address.h"

namespace crossdock::net {

// One thread.
class Listener {
 public:
  // Binds `address` (host:port; port 0 picks one) and listens.
  static absl::StatusOr<Listener> Listen(std::string_view address);

  struct Accepted {
    base::UniqueFd fd;  // non-blocking; empty when nobody waits
    SocketAddress peer;
  };
  // Never blocks. Without a free descriptor the caller is turned away, so that the queue does not stand for ever.
  Accepted Accept();

  int fd() const { return listener_.get(); }
  uint16_t port() const { return SocketAddress::LocalOf(listener_.get()).port(); }

 private:
  Listener(base::UniqueFd listener, base::UniqueFd spare) : listener_(std::move(listener)), spare_(std::move(spare)) {}
  base::UniqueFd listener_;
  base::UniqueFd spare_;  // given up when no other descriptor is left
};

}  // namespace crossdock::net
