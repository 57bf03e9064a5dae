// One accepted connection, from its first byte to its last: TLS, join or tend, the meeting, the pump.
#pragma once

#include <atomic>

#include "lib/base/clock.h"
#include "lib/net/address.h"
#include "lib/net/tls_context.h"
#include "lib/net/tls_key.h"
#include "relay/bundles.h"
#include "relay/config.h"
#include "relay/half_open.h"
#include "relay/refusal_log.h"
#include "relay/rendezvous.h"

namespace crossdock::relay {

// What all sessions share. Thread-safe, as its parts are.
struct Shared {
  const Config& config;
  const net::TlsKey& key;
  const net::TlsContext context;  // of what it accepts
  Bundles& bundles;
  Rendezvous& rendezvous;
  HalfOpen& half_open;
  RefusalLog& refusals;
  std::atomic<int>& tending;  // connections
  const base::Clock& clock;
  // Set when the relay takes nobody more.
  const net::Interrupt& closing;
  // Set when the relay ends: whatever waits gives up.
  const net::Interrupt& ending;
};

enum class Face { kLan, kWan };

// Writes such a line to the log.
void LogRefusal(const RefusalLog::Line& line);

// Blocks until the connection is over; `id` is its number in shared.half_open. Logs why; never a name, a path or a
// title, because it is told none.
void Serve(const Shared& shared, base::UniqueFd connection, uint64_t id, const net::SocketAddress& peer, Face face);

}  // namespace crossdock::relay
