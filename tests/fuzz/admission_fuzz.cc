// Any bytes as what a dialler first says to a relay: message after message, each of one spelling.
#include "lib/wire/admission.h"
#include "lib/wire/ticket.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

bool FuzzAdmission(std::string_view input) {
  bool accepted = false;
  while (input.size() >= wire::kAdmissionHeaderSize) {
    const absl::StatusOr<wire::AdmissionHeader> header =
        wire::DecodeAdmissionHeader(input.substr(0, wire::kAdmissionHeaderSize));
    if (!header.ok()) {
      CheckRefusal(header.status());
      return accepted;
    }
    const size_t size = wire::kAdmissionHeaderSize + header->size;
    INVARIANT(header->size <= 2 * (4 + wire::kBundleSizeMax)) << header->size << " bytes to be kept for a stranger";
    if (input.size() < size) return accepted;
    const absl::StatusOr<wire::AdmissionMessage> message =
        wire::DecodeAdmission(header->type, input.substr(wire::kAdmissionHeaderSize, header->size));
    if (!message.ok()) {
      CheckRefusal(message.status());
      return accepted;
    }
    INVARIANT(wire::EncodeAdmission(*message) == input.substr(0, size)) << "two spellings of one message";
    if (const auto* join = std::get_if<wire::Join>(&*message)) {
      const auto none = [](std::string_view) { return std::optional<base::PublicKey>(); };
      CheckRefusal(wire::VerifyTicket(join->ticket, none).status());
    }
    accepted = true;
    input.remove_prefix(size);
  }
  return accepted;
}

}  // namespace crossdock::fuzz
