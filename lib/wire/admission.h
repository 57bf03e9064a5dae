// What a leg and a relay say to each other inside the outer TLS connection (docs/wire_protocol.md has the bytes).
//
//   leg → relay   join                              relay → leg   joined | refused
//   leg → relay   tend, then bundles, bundles, …    relay → leg   status to each | refused
//
// A message is a header (type u8, payload length u32) and its payload; every type has a limit of its own, which is
// checked before a byte of the payload is read. Numbers are big-endian. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"

namespace crossdock::wire {

inline constexpr uint16_t kAdmissionVersionNumber = 1;
inline constexpr size_t kAdmissionHeaderSize = 5;
inline constexpr size_t kBundleSizeMax = 64u << 10;

enum class AdmissionType : uint8_t { kJoin = 1, kTend = 2, kBundles = 3, kJoined = 65, kRefused = 66, kStatus = 67 };

// "Let me bring this leg of my attempt."
struct Join {
  uint16_t version = kAdmissionVersionNumber;
  std::string ticket;
  uint16_t leg = 0;      // 0 control, 1 … N data
  uint32_t attempt = 0;  // the try: rises by one each time the leg is dialled again with the same ticket
  // What the relay presents at the ticket's next hop; empty when it has none.
  std::string next_ticket;
  bool operator==(const Join&) const = default;
};

// "I am an agent of your site, and look after you."
struct Tend {
  uint16_t version = kAdmissionVersionNumber;
  bool operator==(const Tend&) const = default;
};

// Signed statements (lib/trust), newest that the agent has; empty when it has none. Both empty: only asks for a status.
struct Bundles {
  std::string keys;  // crossdock/relay-keys/v1
  std::string deny;  // crossdock/relay-deny/v1
  bool operator==(const Bundles&) const = default;
};

// The partner is there and the way is clear: after the relay's close_notify the bytes are the partner's.
struct Joined {
  bool operator==(const Joined&) const = default;
};

struct Refused {
  std::string reason;  // relay_reason.h
  std::string detail;  // a sentence for people
  bool operator==(const Refused&) const = default;
};

struct Status {
  uint32_t joined = 0;   // pairs that are being spliced
  uint32_t waiting = 0;  // legs that wait for their partner
  bool draining = false;
  uint16_t busy_per_mille = 0;  // of its processors' time since the last status on this connection
  base::Instant now;            // the relay's clock, milliseconds
  uint64_t keys_number = 0;
  uint64_t deny_number = 0;
  std::string problem;  // why the last bundle was not taken; empty when all is well
  bool operator==(const Status&) const = default;
};

using AdmissionMessage = std::variant<Join, Tend, Bundles, Joined, Refused, Status>;

struct AdmissionHeader {
  AdmissionType type = AdmissionType::kJoin;
  uint32_t size = 0;  // of the payload
};

// Header and payload. Texts that are too long for their field are cut (reason, detail, problem) or an INVARIANT.
std::string EncodeAdmission(const AdmissionMessage& message);
// `bytes` are exactly kAdmissionHeaderSize. ADMISSION_PROTOCOL for an unknown type or a length above the type's limit.
absl::StatusOr<AdmissionHeader> DecodeAdmissionHeader(std::string_view bytes);
// The whole payload of a header that was let in. ADMISSION_PROTOCOL, or ADMISSION_VERSION.
absl::StatusOr<AdmissionMessage> DecodeAdmission(AdmissionType type, std::string_view payload);

}  // namespace crossdock::wire
