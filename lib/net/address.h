// Addresses: host:port as people write them, socket addresses as the kernel takes them, and ranges of the latter.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::net {

// `host:port`, `1.2.3.4:port`, `[v6]:port`.
struct HostPort {
  std::string host;  // without brackets
  uint16_t port = 0;
  static absl::StatusOr<HostPort> Parse(std::string_view text);
};

class SocketAddress {
 public:
  SocketAddress() = default;
  SocketAddress(const sockaddr* address, socklen_t size);
  // The local name of a socket, or its peer's; empty when there is none.
  static SocketAddress LocalOf(int fd);
  static SocketAddress PeerOf(int fd);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  uint16_t port() const;
  // The 4 or 16 bytes of the address; an IPv4 address mapped into IPv6 gives its 4.
  std::string AddressBytes() const;
  // 127.0.0.1:4711, [::1]:4711
  std::string ToText() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// All addresses of a name, in the resolver's order; at least one. Blocks in the resolver (literal addresses never do).
// kUnavailable with NAME_UNRESOLVED.
absl::StatusOr<std::vector<SocketAddress>> Resolve(const HostPort& where);

// 192.0.2.0/24, 2001:db8::/32, or one address.
class AddressRange {
 public:
  static absl::StatusOr<AddressRange> Parse(std::string_view text);
  bool Contains(const SocketAddress& address) const;

 private:
  std::string prefix_;  // 4 or 16 bytes
  int bits_ = 0;
};

// Neither loopback, link-local, private, shared (100.64/10), multicast, unspecified, reserved nor a translation of one.
bool IsPublic(const SocketAddress& address);

}  // namespace crossdock::net
