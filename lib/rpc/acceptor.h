// Acceptor listens on a TCP address and hands each accepted connection on, inside limits.
//
// The packaged gRPC's own listener stops accepting for ever once the process has run out of file descriptors, which
// anybody can cause before authentication. This loop survives it, and caps connections per address and in all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/fd.h"

namespace crossdock::rpc {

struct AcceptorLimits {
  int connections_max = 4096;             // also kept below half of the process's descriptor limit
  int connections_per_address_max = 256;  // an IPv6 /64 counts as one address
};

// Listen, Start and Stop from one thread; the sink is called on the loop's thread.
class Acceptor {
 public:
  // Takes a non-blocking connected socket over.
  using Sink = std::function<void(base::UniqueFd connection)>;

  // Binds and listens, so that a taken port stops the start. `address` is "host:port", "[v6]:port"; port 0 picks one.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(std::string_view address, AcceptorLimits limits);
  ~Acceptor();

  void Start(Sink sink);
  // Closes the listening socket and ends the loop; connections handed on stay. Idempotent.
  void Stop();

  int port() const { return port_; }

 private:
  // A connection that was handed on. Its new owner closes it without telling us, so it is known by descriptor number
  // and inode: once that number is free or names another inode, the connection is gone.
  struct Connection {
    int fd;
    uint64_t inode;
  };

  Acceptor(base::UniqueFd listener, int port, AcceptorLimits limits, base::UniqueFd stop, base::UniqueFd spare);
  void Run();
  void AcceptAll();
  // True when the limits allow another connection from `address`.
  bool Admits(const std::string& address);
  void Remember(const std::string& address, int fd);
  // Forgets the closed ones of `connections`.
  void Sweep(std::vector<Connection>& connections);
  // Out of descriptors: gives the spare one up to turn one caller away. False when it could not be taken back.
  bool TurnOneAway();

  base::UniqueFd listener_;
  const int port_;
  const AcceptorLimits limits_;
  base::UniqueFd stop_;   // eventfd
  base::UniqueFd spare_;  // given up when no other descriptor is left
  Sink sink_;
  std::unordered_map<std::string, std::vector<Connection>> connections_;  // loop's thread only
  int count_ = 0;                                                         // of all in connections_
  bool exhausted_ = false;
  std::thread thread_;
};

}  // namespace crossdock::rpc
