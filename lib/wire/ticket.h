// A ticket admits one holder to the legs of one attempt on one relay (docs/wire_protocol.md has the bytes).
//
// The orchestrator's ticket key signs it; the holder proves its own key by the TLS handshake, so a stolen ticket opens
// nothing. Nothing in a ticket names a site, a person, a file or a title.
// Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/wire/frames.h"

namespace crossdock::wire {

inline constexpr uint16_t kTicketVersionNumber = 1;
inline constexpr size_t kRendezvousSize = 16;
inline constexpr size_t kTicketSizeMax = 1024;  // bytes; about 300 with a next hop
inline constexpr size_t kAddressSizeMax = 262;  // a name of 253 bytes, brackets, colon, port
inline constexpr std::chrono::hours kTicketTimeMax{1};

enum class Side : uint8_t { kSender = 1, kReceiver = 2 };
std::string_view Name(Side side);

struct NextHop {
  std::string address;  // host:port or [v6]:port
  std::string spki;     // of the relay there: SHA-256 of its SPKI, lower hex
  bool operator==(const NextHop&) const = default;
};

// SPKI digests are lower hex, as in lib/trust.
struct Ticket {
  std::string relay_spki;  // whose ticket this is to take
  Side side = Side::kSender;
  std::string rendezvous;   // kRendezvousSize random raw bytes, the same for every attempt of the transfer
  std::string holder_spki;  // the TLS key that may present it
  // Without a next hop: the holder of the other leg at this relay. With one: the agent at the far end.
  std::string peer_spki;
  Epoch epoch;
  // Where the relay takes the leg further. None: the partner comes to this relay.
  std::optional<NextHop> next_hop;
  base::Instant not_before;  // whole seconds
  base::Instant not_after;   // at most kTicketTimeMax after not_before
  // Data legs; leg 0 is the control leg and always there. 1 … kStreamsMax.
  uint16_t streams_max = 0;
  uint64_t bytes_per_second_max = 0;  // of each leg, on the relay's WAN socket; 0: no ceiling
  // bundle_min: the relay must hold bundles with at least these numbers, or it is behind and must not decide.
  uint64_t keys_number_min = 0;
  uint64_t deny_number_min = 0;
  bool operator==(const Ticket&) const = default;
};

// kInvalidArgument with TICKET_MALFORMED when a field breaks its rule; then nothing is signed.
absl::StatusOr<std::string> SignTicket(const Ticket& ticket, const base::PrivateKey& key);

// The key with that id (16 hex digits, base::KeyId), or nullopt when it is not, or no longer, a ticket key.
using TicketKeyLookup = std::function<std::optional<base::PublicKey>(std::string_view key_id)>;

// Version and key id stand at fixed offsets, so that the signature is checked before anything else is read.
// Reasons: TICKET_MALFORMED, TICKET_VERSION, TICKET_KEY_UNKNOWN, TICKET_SIGNATURE. Time, relay and holder are the
// caller's to check.
absl::StatusOr<Ticket> VerifyTicket(std::string_view bytes, const TicketKeyLookup& key_of);

}  // namespace crossdock::wire
