#include "lib/wire/admission.h"

#include <chrono>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/wire/byte_codec.h"
#include "lib/wire/frames.h"
#include "lib/wire/relay_reason.h"
#include "lib/wire/ticket.h"

namespace crossdock::wire {
namespace {

constexpr size_t kSentenceMax = 1024;

template <typename... Parts>
absl::Status Broken(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument("admission: ", parts...), kAdmissionProtocol);
}

absl::Status CheckVersion(uint16_t version) {
  if (version == kAdmissionVersionNumber) return absl::OkStatus();
  return base::WithReason(base::InvalidArgument("admission of version ", version, ", this program speaks ",
                                                kAdmissionVersionNumber, "; update the older of the two"),
                          kAdmissionVersion);
}

// The largest payload of a type; nullopt for a type that does not exist.
std::optional<uint32_t> SizeMax(uint8_t type) {
  switch (static_cast<AdmissionType>(type)) {
    case AdmissionType::kJoin:
      return 2 * (2 + kTicketSizeMax) + 8;
    case AdmissionType::kTend:
      return 2;
    case AdmissionType::kBundles:
      return 2 * (4 + kBundleSizeMax);
    case AdmissionType::kJoined:
      return 0;
    case AdmissionType::kRefused:
      return 2 + kReasonSizeMax + 2 + kSentenceMax;
    case AdmissionType::kStatus:
      return 4 + 4 + 1 + 2 + 8 + 8 + 8 + 2 + kSentenceMax;
  }
  return std::nullopt;
}

std::string_view Cut(std::string_view text, size_t size_max) { return text.substr(0, size_max); }

int64_t ToMilliseconds(base::Instant instant) {
  return std::chrono::floor<std::chrono::milliseconds>(instant).time_since_epoch().count();
}

void Put(ByteWriter& out, const Join& join) {
  INVARIANT(join.ticket.size() <= kTicketSizeMax && join.next_ticket.size() <= kTicketSizeMax) << "no ticket";
  out.U16(join.version).Short(join.ticket).U16(join.leg).U32(join.attempt).Short(join.next_ticket);
}
void Put(ByteWriter& out, const Tend& tend) { out.U16(tend.version); }
void Put(ByteWriter& out, const Bundles& bundles) {
  for (const std::string& bundle : {bundles.keys, bundles.deny}) {
    INVARIANT(bundle.size() <= kBundleSizeMax) << "no bundle";
    out.U32(static_cast<uint32_t>(bundle.size())).Raw(bundle);
  }
}
void Put(ByteWriter&, const Joined&) {}
void Put(ByteWriter& out, const Refused& refused) {
  out.Short(Cut(refused.reason, kReasonSizeMax)).Short(Cut(refused.detail, kSentenceMax));
}
void Put(ByteWriter& out, const Status& status) {
  out.U32(status.joined).U32(status.waiting).U8(status.draining ? 1 : 0).U16(status.busy_per_mille);
  out.I64(ToMilliseconds(status.now))
      .U64(status.keys_number)
      .U64(status.deny_number)
      .Short(Cut(status.problem, kSentenceMax));
}

AdmissionType TypeOf(const AdmissionMessage& message) {
  constexpr AdmissionType kTypes[] = {AdmissionType::kJoin,   AdmissionType::kTend,    AdmissionType::kBundles,
                                      AdmissionType::kJoined, AdmissionType::kRefused, AdmissionType::kStatus};
  static_assert(std::size(kTypes) == std::variant_size_v<AdmissionMessage>);
  return kTypes[message.index()];
}

absl::StatusOr<AdmissionMessage> Read(ByteReader& in, AdmissionType type) {
  switch (type) {
    case AdmissionType::kJoin: {
      Join join;
      join.version = in.U16();
      // The version first: a newer one may go on differently.
      if (in.ok()) RETURN_IF_ERROR(CheckVersion(join.version));
      join.ticket = std::string(in.Short());
      join.leg = in.U16();
      join.attempt = in.U32();
      join.next_ticket = std::string(in.Short());
      if (join.ticket.size() > kTicketSizeMax || join.next_ticket.size() > kTicketSizeMax) {
        return Broken("a ticket of more than ", kTicketSizeMax, " bytes");
      }
      return join;
    }
    case AdmissionType::kTend: {
      const Tend tend{in.U16()};
      if (in.ok()) RETURN_IF_ERROR(CheckVersion(tend.version));
      return tend;
    }
    case AdmissionType::kBundles: {
      Bundles bundles;
      bundles.keys = std::string(in.Raw(in.U32()));
      bundles.deny = std::string(in.Raw(in.U32()));
      if (bundles.keys.size() > kBundleSizeMax || bundles.deny.size() > kBundleSizeMax) {
        return Broken("a bundle of more than ", kBundleSizeMax, " bytes");
      }
      return bundles;
    }
    case AdmissionType::kJoined:
      return Joined{};
    case AdmissionType::kRefused: {
      Refused refused;
      refused.reason = std::string(in.Short());
      refused.detail = std::string(in.Short());
      if (refused.reason.empty() || refused.reason.size() > kReasonSizeMax ||
          refused.reason.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != std::string::npos) {
        return Broken("a refusal without a reason");
      }
      return refused;
    }
    case AdmissionType::kStatus: {
      Status status;
      status.joined = in.U32();
      status.waiting = in.U32();
      const uint8_t draining = in.U8();
      status.busy_per_mille = in.U16();
      const int64_t now = in.I64();
      status.keys_number = in.U64();
      status.deny_number = in.U64();
      status.problem = std::string(in.Short());
      if (draining > 1) return Broken("a truth value of ", int{draining});
      if (status.busy_per_mille > 1000) return Broken("busier than wholly: ", status.busy_per_mille);
      if (now < 0 || now > (int64_t{1} << 50)) return Broken("a time out of range");
      status.draining = draining == 1;
      status.now = base::Instant(std::chrono::milliseconds(now));
      return status;
    }
  }
  return Broken("a message of type ", static_cast<int>(type));
}

}  // namespace

std::string EncodeAdmission(const AdmissionMessage& message) {
  ByteWriter payload;
  std::visit([&](const auto& what) { Put(payload, what); }, message);
  ByteWriter out;
  out.U8(static_cast<uint8_t>(TypeOf(message))).U32(static_cast<uint32_t>(payload.size())).Raw(payload.bytes());
  return out.Take();
}

absl::StatusOr<AdmissionHeader> DecodeAdmissionHeader(std::string_view bytes) {
  ByteReader in(bytes);
  const uint8_t type = in.U8();
  const uint32_t size = in.U32();
  if (!in.Complete()) return Broken("a header has ", kAdmissionHeaderSize, " bytes");
  const std::optional<uint32_t> size_max = SizeMax(type);
  if (!size_max) return Broken("a message of type ", int{type});
  if (size > *size_max) return Broken("a message of type ", int{type}, " with ", size, " bytes");
  return AdmissionHeader{static_cast<AdmissionType>(type), size};
}

absl::StatusOr<AdmissionMessage> DecodeAdmission(AdmissionType type, std::string_view payload) {
  ByteReader in(payload);
  ASSIGN_OR_RETURN(AdmissionMessage message, Read(in, type));
  if (!in.Complete()) return Broken("type ", static_cast<int>(type), " is too short, or has bytes left over");
  return message;
}

}  // namespace crossdock::wire
