#include "lib/wire/ticket.h"

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/wire/byte_codec.h"
#include "lib/wire/relay_reason.h"

namespace crossdock::wire {
namespace {

// Also keeps a ticket's signature from being one over a statement: no statement begins so.
constexpr std::string_view kMagic = "CDTK";
constexpr size_t kKeyIdSize = 8;
constexpr size_t kDigestSize = 32;
constexpr size_t kPrefixSize = 4 + 2 + kKeyIdSize;
constexpr uint8_t kNoNextHop = 0;
constexpr uint8_t kRelayNextHop = 1;

template <typename... Parts>
absl::Status Malformed(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument("ticket: ", parts...), kTicketMalformed);
}

bool IsHexDigest(std::string_view text) {
  return text.size() == 2 * kDigestSize && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The characters of a name or a literal address; that it can be dialled is found out by dialling.
bool IsAddress(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > kAddressSizeMax) return false;
  const std::string_view port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), fits);
}

std::string Raw(std::string_view hex) {
  absl::StatusOr<std::string> raw = base::FromHex(hex);
  INVARIANT(raw.ok()) << "checked before";
  return *std::move(raw);
}

int64_t ToSeconds(base::Instant instant) {
  return std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count();
}

// What both sides hold to: nothing is signed that would be refused, nothing accepted that would not be signed.
absl::Status Check(const Ticket& ticket) {
  if (!IsHexDigest(ticket.relay_spki) || !IsHexDigest(ticket.holder_spki) || !IsHexDigest(ticket.peer_spki)) {
    return Malformed("relay, holder and peer are SPKI digests of 64 hex digits");
  }
  if (ticket.side != Side::kSender && ticket.side != Side::kReceiver) return Malformed("no such side");
  if (ticket.rendezvous.size() != kRendezvousSize) return Malformed("a rendezvous id has 16 bytes");
  if (ticket.holder_spki == ticket.peer_spki) return Malformed("holder and peer are the same key");
  if (ticket.streams_max < 1 || ticket.streams_max > kStreamsMax) return Malformed("1 to ", kStreamsMax, " streams");
  if (ticket.not_before.time_since_epoch().count() % 1'000'000 != 0 ||
      ticket.not_after.time_since_epoch().count() % 1'000'000 != 0) {
    return Malformed("times are whole seconds");
  }
  if (ticket.not_after <= ticket.not_before || ticket.not_after - ticket.not_before > kTicketTimeMax) {
    return Malformed("a ticket is valid for more than nothing and at most an hour");
  }
  if (ticket.next_hop) {
    if (!IsAddress(ticket.next_hop->address)) return Malformed("the next hop's address is not host:port");
    if (!IsHexDigest(ticket.next_hop->spki)) return Malformed("the next hop's key is not an SPKI digest");
    if (ticket.side != Side::kSender) return Malformed("only the sender's leg is taken further");
  }
  return absl::OkStatus();
}

// After the prefix and without the signature.
std::string EncodeBody(const Ticket& ticket) {
  ByteWriter out;
  out.Raw(Raw(ticket.relay_spki)).U8(static_cast<uint8_t>(ticket.side)).Raw(ticket.rendezvous);
  out.Raw(Raw(ticket.holder_spki)).Raw(Raw(ticket.peer_spki));
  out.U64(ticket.epoch.generation).U64(ticket.epoch.n);
  out.I64(ToSeconds(ticket.not_before)).I64(ToSeconds(ticket.not_after));
  out.U16(ticket.streams_max).U64(ticket.bytes_per_second_max).U64(ticket.keys_number_min).U64(ticket.deny_number_min);
  if (!ticket.next_hop) return out.U8(kNoNextHop).Take();
  return out.U8(kRelayNextHop).Short(ticket.next_hop->address).Raw(Raw(ticket.next_hop->spki)).Take();
}

// Seconds that an Instant of microseconds can hold.
bool ReadTime(ByteReader& in, base::Instant* out) {
  const int64_t seconds = in.I64();
  if (seconds < 0 || seconds > (int64_t{1} << 40)) return false;
  *out = base::Instant(std::chrono::seconds(seconds));
  return true;
}

absl::StatusOr<Ticket> DecodeBody(std::string_view body) {
  ByteReader in(body);
  Ticket out;
  out.relay_spki = base::ToHex(in.Raw(kDigestSize));
  out.side = static_cast<Side>(in.U8());
  out.rendezvous = std::string(in.Raw(kRendezvousSize));
  out.holder_spki = base::ToHex(in.Raw(kDigestSize));
  out.peer_spki = base::ToHex(in.Raw(kDigestSize));
  out.epoch = {in.U64(), in.U64()};
  if (!ReadTime(in, &out.not_before) || !ReadTime(in, &out.not_after)) return Malformed("a time out of range");
  out.streams_max = in.U16();
  out.bytes_per_second_max = in.U64();
  out.keys_number_min = in.U64();
  out.deny_number_min = in.U64();
  const uint8_t next = in.U8();
  if (next == kRelayNextHop) {
    out.next_hop.emplace();
    out.next_hop->address = std::string(in.Short());
    out.next_hop->spki = base::ToHex(in.Raw(kDigestSize));
  } else if (next != kNoNextHop) {
    return Malformed("a next hop of kind ", int{next});
  }
  if (!in.Complete()) return Malformed("too short, or bytes left over");
  RETURN_IF_ERROR(Check(out));
  return out;
}

}  // namespace

std::string_view Name(Side side) {
  switch (side) {
    case Side::kSender:
      return "sender";
    case Side::kReceiver:
      return "receiver";
  }
  return "unknown";
}

absl::StatusOr<std::string> SignTicket(const Ticket& ticket, const base::PrivateKey& key) {
  RETURN_IF_ERROR(Check(ticket));
  ByteWriter out;
  out.Raw(kMagic).U16(kTicketVersionNumber).Raw(Raw(base::KeyId(key.Public()))).Raw(EncodeBody(ticket));
  std::string bytes = out.Take();
  return bytes + base::Sign(key, bytes);
}

absl::StatusOr<Ticket> VerifyTicket(std::string_view bytes, const TicketKeyLookup& key_of) {
  if (bytes.size() > kTicketSizeMax || bytes.size() < kPrefixSize + base::kEd25519SignatureSize ||
      !bytes.starts_with(kMagic)) {
    return Malformed("these are no ticket's bytes");
  }
  ByteReader prefix(bytes.substr(kMagic.size()));
  if (const uint16_t version = prefix.U16(); version != kTicketVersionNumber) {
    return base::WithReason(base::InvalidArgument("ticket of version ", version, ", this program reads ",
                                                  kTicketVersionNumber, "; update this program"),
                            kTicketVersion);
  }
  const std::string key_id = base::ToHex(prefix.Raw(kKeyIdSize));
  const std::optional<base::PublicKey> key = key_of(key_id);
  if (!key) {
    return base::WithReason(base::PermissionDenied("no ticket key with id ", key_id, " is held here"),
                            kTicketKeyUnknown);
  }
  const size_t signed_size = bytes.size() - base::kEd25519SignatureSize;
  if (!base::Verify(*key, bytes.substr(0, signed_size), bytes.substr(signed_size))) {
    return base::WithReason(base::PermissionDenied("the ticket's signature is not by key ", key_id), kTicketSignature);
  }
  return DecodeBody(bytes.substr(kPrefixSize, signed_size - kPrefixSize));
}

}  // namespace crossdock::wire
