// Legs through relays: dialled out, admitted by ticket, and then TLS 1.3 from agent to agent, of which the relays see
// ciphertext only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/transfer/byte_stream.h"
#include "lib/net/tls_key.h"

namespace crossdock::agent {

// The way to the peer, as it was assigned last.
struct Way {
  std::string relay_address;  // of the own site's relay, host:port
  std::string relay_spki;
  std::string ticket;
  std::string next_ticket;  // sender only; empty when one relay joins both
  std::string peer_spki;    // the peer agent's TLS key
  bool sender = false;      // the sender is the TLS client
};

// Thread-safe.
class RelayLegs : public LegDialer {
 public:
  // `way` is asked at each dial, because tickets are renewed while an attempt runs.
  RelayLegs(const net::TlsKey& key, std::function<Way()> way) : key_(key), way_(std::move(way)) {}
  // The relay's refusals come with their own reason, the line's troubles with PEER_UNREACHABLE or PEER_LOST.
  absl::StatusOr<std::unique_ptr<ByteStream>> Dial(uint16_t leg, uint16_t attempt, std::stop_token stop) override;

 private:
  const net::TlsKey key_;
  const std::function<Way()> way_;
};

}  // namespace crossdock::agent
