#include "orchestrator/engine/route.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lib/base/status.h"
#include "lib/wire/ticket.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::minutes;

// A ticket lives for at least kLife - kStep from any moment on; the hour that relays allow holds both and a clock that
// is behind.
constexpr minutes kStep{10};
constexpr minutes kLife{50};
constexpr minutes kBackdate{5};

// The one that the planner chose for this attempt, as long as it is registered.
absl::StatusOr<store::Relay> RelayOf(pg::Tx& tx, const Transfer& transfer, const std::string& site,
                                     const std::string& chosen) {
  const std::vector<store::Relay> relays = store::ListRelays(tx, site);
  if (relays.empty()) {
    return base::WithReason(base::FailedPrecondition("site '", site, "' has no relay; see `crossdock relay add`"),
                            "RELAY_MISSING");
  }
  for (const store::Relay& relay : relays) {
    if (relay.id == chosen) return relay;
  }
  const uint64_t spread = static_cast<uint8_t>(transfer.rendezvous.front()) + transfer.epoch.n;
  return relays[spread % relays.size()];
}

uint64_t KeysNumber(pg::Tx& tx, const std::string& site) {
  const std::optional<store::RelayKeys> keys = store::LatestRelayKeys(tx, site);
  return keys ? keys->number : 0;
}

uint64_t DenyNumber(pg::Tx& tx) {
  uint64_t number = 0;
  for (const store::DeniedKey& key : store::DeniedKeys(tx)) number = std::max(number, key.number);
  return number;
}

// What one leg may do at its relay. The sending agent shares the cap out among the legs that have something to send, so
// that one of them may have more than an even part; 0 is no cap.
uint64_t LegCeiling(int64_t bytes_per_second_max, int streams) {
  constexpr int64_t kUsefulLeg = 1'000'000;
  return static_cast<uint64_t>(
      std::min(bytes_per_second_max, std::max(2 * bytes_per_second_max / streams, kUsefulLeg)));
}

}  // namespace

absl::StatusOr<Routes> MakeRoutes(const Context& context, pg::Tx& tx, const Transfer& transfer, const Ends& ends,
                                  int64_t bytes_per_second_max, base::Instant now) {
  ASSIGN_OR_RETURN(const store::Relay near, RelayOf(tx, transfer, transfer.source_site, transfer.relay_from));
  ASSIGN_OR_RETURN(const store::Relay far, RelayOf(tx, transfer, transfer.destination_site, transfer.relay_to));
  const bool one_relay = near.id == far.id;

  wire::Ticket common;
  common.rendezvous = transfer.rendezvous;
  common.epoch = {transfer.epoch.generation, transfer.epoch.n};
  const base::Instant step(std::chrono::floor<minutes>(now.time_since_epoch()) / kStep * kStep);
  common.not_before = step - kBackdate;
  common.not_after = step + kLife;
  common.streams_max = wire::StreamsMaxOf(static_cast<uint16_t>(context.streams));
  common.bytes_per_second_max = LegCeiling(bytes_per_second_max, context.streams);
  common.deny_number_min = DenyNumber(tx);

  wire::Ticket sender = common;
  sender.side = wire::Side::kSender;
  sender.relay_spki = near.spki;
  sender.holder_spki = ends.sender.tls_spki;
  sender.peer_spki = ends.receiver.tls_spki;
  sender.keys_number_min = KeysNumber(tx, near.site);
  if (!one_relay) sender.next_hop = wire::NextHop{far.address_wan, far.spki};

  wire::Ticket next = common;
  next.side = wire::Side::kSender;
  next.relay_spki = far.spki;
  next.holder_spki = near.spki;
  next.peer_spki = ends.receiver.tls_spki;
  next.keys_number_min = KeysNumber(tx, far.site);

  wire::Ticket receiver = common;
  receiver.side = wire::Side::kReceiver;
  receiver.relay_spki = far.spki;
  receiver.holder_spki = ends.receiver.tls_spki;
  receiver.peer_spki = one_relay ? ends.sender.tls_spki : near.spki;
  receiver.keys_number_min = next.keys_number_min;

  Routes routes;
  routes.sender.rendezvous = routes.receiver.rendezvous = transfer.rendezvous;
  routes.sender.expires = routes.receiver.expires = common.not_after;
  routes.sender.relay_statement = near.statement;
  routes.receiver.relay_statement = far.statement;
  ASSIGN_OR_RETURN(routes.sender.ticket, wire::SignTicket(sender, context.ticket_key));
  ASSIGN_OR_RETURN(routes.receiver.ticket, wire::SignTicket(receiver, context.ticket_key));
  if (!one_relay) {
    routes.sender.next_relay_statement = far.statement;
    ASSIGN_OR_RETURN(routes.sender.next_ticket, wire::SignTicket(next, context.ticket_key));
  }
  return routes;
}

}  // namespace crossdock::orchestrator::engine
