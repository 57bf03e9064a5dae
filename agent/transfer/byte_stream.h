// A connection to the peer agent, as attempts see it: bytes both ways, in order, blocking. In programs it is the inner
// TLS connection of one leg; in tests a socket pair.
//
// One thread uses it at a time; only Abort may come from another.
#pragma once

#include <memory>
#include <stop_token>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::agent {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Blocks until there is something; 0 when the peer has ended in order.
  virtual absl::StatusOr<size_t> Read(char* bytes, size_t size) = 0;
  // All of it.
  virtual absl::Status Write(std::string_view bytes) = 0;
  // Says that nothing follows; reading goes on.
  virtual absl::Status CloseWrite() = 0;
  // Makes the calls that block now, and all later ones, fail. Thread-safe, idempotent.
  virtual void Abort() = 0;
  // True when Read has something that the socket no longer shows.
  virtual bool HasBuffered() const = 0;
  // For poll and for socket options; the stream keeps it.
  virtual int fd() const = 0;
};

// Makes the legs of one attempt. Thread-safe: the legs dial at the same time.
class LegDialer {
 public:
  virtual ~LegDialer() = default;
  // Leg 0 is the control leg. `attempt` counts how often this leg was dialled before. Returns soon after a stop.
  virtual absl::StatusOr<std::unique_ptr<ByteStream>> Dial(uint16_t leg, uint16_t attempt, std::stop_token stop) = 0;
};

}  // namespace crossdock::agent
