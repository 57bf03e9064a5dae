#include "relay/judge.h"

#include "lib/base/status.h"
#include "lib/wire/relay_reason.h"

namespace crossdock::relay {
namespace {

template <typename... Parts>
absl::Status Refuse(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

absl::Status CheckBundles(const wire::Ticket& ticket, const Bundles& bundles) {
  if (ticket.keys_number_min > bundles.keys_number() || ticket.deny_number_min > bundles.deny_number()) {
    return Refuse(wire::kBundleMissing, "this relay has not been given the bundles that the ticket demands");
  }
  return CheckNotDenied(ticket, bundles);
}

}  // namespace

absl::Status CheckNotDenied(const wire::Ticket& ticket, const Bundles& bundles) {
  const bool denied = bundles.IsDenied(ticket.holder_spki) || bundles.IsDenied(ticket.peer_spki) ||
                      (ticket.next_hop && bundles.IsDenied(ticket.next_hop->spki));
  if (denied) return Refuse(wire::kHolderDenied, "a key that the ticket names is denied");
  return absl::OkStatus();
}

absl::StatusOr<wire::Ticket> Judge(const wire::Join& join, std::string_view caller_spki, std::string_view own_spki,
                                   const Bundles& bundles, base::Instant now) {
  if (!bundles.HasKeys(now)) return Refuse(wire::kKeysMissing, "this relay holds no ticket keys that are valid now");
  ASSIGN_OR_RETURN(const wire::Ticket ticket,
                   wire::VerifyTicket(join.ticket, [&](std::string_view id) { return bundles.TicketKey(id, now); }));
  if (ticket.relay_spki != own_spki) return Refuse(wire::kTicketOtherRelay, "the ticket is for another relay");
  if (ticket.holder_spki != caller_spki) return Refuse(wire::kTicketOtherHolder, "the ticket is another holder's");
  if (now + kClockTolerance < ticket.not_before) {
    return Refuse(wire::kTicketNotYetValid, "the ticket is not valid yet; is this relay's clock right?");
  }
  if (ticket.not_after + kClockTolerance <= now) return Refuse(wire::kTicketExpired, "the ticket has expired");
  if (join.leg > ticket.streams_max) {
    return Refuse(wire::kLegOutOfRange, "leg ", join.leg, " of at most ", ticket.streams_max);
  }
  if (ticket.next_hop && join.next_ticket.empty()) {
    return Refuse(wire::kNextTicketMissing, "the ticket leads on, but there is no ticket for there");
  }
  if (!ticket.next_hop && !join.next_ticket.empty()) {
    return Refuse(wire::kNextTicketUnexpected, "a ticket for a next hop that does not exist");
  }
  RETURN_IF_ERROR(CheckBundles(ticket, bundles));
  return ticket;
}

}  // namespace crossdock::relay
