// Any bytes as a ticket, and any bytes that the ticket key has signed: what is read can be signed again to the same.
#include "lib/base/encoding.h"
#include "lib/wire/ticket.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

constexpr size_t kSignature = base::kEd25519SignatureSize;

const base::PrivateKey& Key() {
  static const base::PrivateKey key = *base::PrivateKey::FromSeed(std::string(32, 'k'));
  return key;
}

absl::StatusOr<wire::Ticket> Verify(std::string_view bytes) {
  return wire::VerifyTicket(bytes, [](std::string_view) { return std::optional(Key().Public()); });
}

}  // namespace

// `input` is a ticket without its signature.
bool FuzzTicket(std::string_view input) {
  const absl::StatusOr<wire::Ticket> bare = Verify(input);
  if (!bare.ok()) CheckRefusal(bare.status());
  if (input.size() > 2 * wire::kTicketSizeMax) return bare.ok();

  const std::string bytes = std::string(input) + base::Sign(Key(), input);
  const absl::StatusOr<wire::Ticket> ticket = Verify(bytes);
  if (!ticket.ok()) {
    CheckRefusal(ticket.status());
    return bare.ok();
  }
  INVARIANT(bytes.size() <= wire::kTicketSizeMax) << bytes.size();
  const absl::StatusOr<std::string> again = wire::SignTicket(*ticket, Key());
  INVARIANT(again.ok()) << "what is accepted can be signed: " << again.status();
  INVARIANT(*Verify(*again) == *ticket) << "a ticket must come back as it was";
  // The key id is a hint for the lookup, which is not asked here: every other byte has one spelling.
  constexpr size_t kKeyIdEnd = 14;
  const size_t body = bytes.size() - kKeyIdEnd - kSignature;
  INVARIANT(again->substr(kKeyIdEnd, body) == bytes.substr(kKeyIdEnd, body)) << "two spellings of one ticket";
  return true;
}

}  // namespace crossdock::fuzz
