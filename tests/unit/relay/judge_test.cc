// Who is let in, and the word for who is not.
#include "relay/judge.h"

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "tests/support/temp_tree.h"

namespace crossdock::relay {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const base::Instant kNow = base::Instant(hours(500'000));

base::PrivateKey NewKey() {
  base::SystemRandom random;
  return base::PrivateKey::Generate(random);
}
std::string Spki(char digit) { return std::string(64, digit); }

struct Gate {
  Gate() {
    trust::RelayKeys keys;
    keys.number = 4;
    keys.issued = kNow - hours(1);
    keys.expires = kNow + hours(24);
    keys.ticket_key = ticket_key.Public();
    REQUIRE(bundles->Take(trust::SignedStatement::Sign(*trust::Encode(keys), admin).Format(), "", kNow).ok());
    ticket.relay_spki = Spki('a');
    ticket.rendezvous = std::string(wire::kRendezvousSize, 'r');
    ticket.holder_spki = Spki('b');
    ticket.peer_spki = Spki('c');
    ticket.epoch = {1, 1};
    ticket.not_before = kNow - minutes(1);
    ticket.not_after = kNow + minutes(10);
    ticket.streams_max = 8;
  }
  void Deny(const std::string& spki) {
    trust::RelayDeny deny;
    deny.number = ++denied;
    deny.issued = kNow - hours(1);
    deny.deny = {spki};
    REQUIRE(bundles->Take("", trust::SignedStatement::Sign(*trust::Encode(deny), ticket_key).Format(), kNow).ok());
  }
  // Empty: let in.
  std::string Why(base::Instant now = kNow) {
    join.ticket = *wire::SignTicket(ticket, ticket_key);
    return base::ReasonOf(Judge(join, caller, own, *bundles, now).status());
  }

  test::TempTree tree;
  base::PrivateKey admin = NewKey();
  base::PrivateKey ticket_key = NewKey();
  std::unique_ptr<Bundles> bundles = *Bundles::Open(tree.root(), admin.Public());
  wire::Ticket ticket;
  wire::Join join;
  std::string caller = Spki('b');
  std::string own = Spki('a');
  uint64_t denied = 0;
};

TEST_CASE("a fitting ticket is let in on each of its legs, and on no other", "[judge]") {
  Gate gate;
  CHECK(gate.Why().empty());
  gate.join.leg = 8;
  CHECK(gate.Why().empty());
  gate.join.leg = 9;
  CHECK(gate.Why() == "LEG_OUT_OF_RANGE");
}

TEST_CASE("a ticket is for its relay and its holder", "[judge]") {
  Gate gate;
  SECTION("holder") {
    gate.caller = Spki('d');
    CHECK(gate.Why() == "TICKET_OTHER_HOLDER");
  }
  SECTION("relay") {
    gate.own = Spki('d');
    CHECK(gate.Why() == "TICKET_OTHER_RELAY");
  }
}

TEST_CASE("a ticket's time is exact but for thirty seconds", "[judge]") {
  Gate gate;
  CHECK(gate.Why(gate.ticket.not_before - seconds(30)).empty());
  CHECK(gate.Why(gate.ticket.not_before - seconds(31)) == "TICKET_NOT_YET_VALID");
  CHECK(gate.Why(gate.ticket.not_after + seconds(29)).empty());
  CHECK(gate.Why(gate.ticket.not_after + seconds(30)) == "TICKET_EXPIRED");
}

TEST_CASE("one changed bit of a ticket shuts the gate", "[judge]") {
  Gate gate;
  REQUIRE(gate.Why().empty());
  for (size_t at = 0; at < gate.join.ticket.size(); ++at) {
    wire::Join join = gate.join;
    join.ticket[at] = static_cast<char>(join.ticket[at] ^ 1);
    CHECK_FALSE(Judge(join, gate.caller, gate.own, *gate.bundles, kNow).ok());
  }
}

TEST_CASE("a relay that is behind with its bundles does not decide", "[judge]") {
  Gate gate;
  gate.ticket.keys_number_min = 4;
  CHECK(gate.Why().empty());
  gate.ticket.keys_number_min = 5;
  CHECK(gate.Why() == "BUNDLE_MISSING");
  gate.ticket.keys_number_min = 0;
  gate.ticket.deny_number_min = 1;
  CHECK(gate.Why() == "BUNDLE_MISSING");
  gate.Deny(Spki('f'));
  CHECK(gate.Why().empty());
  CHECK(gate.Why(kNow + hours(24)) == "KEYS_MISSING");
}

TEST_CASE("a denied holder, peer or next relay shuts the gate", "[judge]") {
  Gate gate;
  gate.ticket.next_hop = wire::NextHop{"relay.example:7421", Spki('e')};
  gate.join.next_ticket = "held for the next relay";
  REQUIRE(gate.Why().empty());
  gate.Deny(GENERATE(Spki('b'), Spki('c'), Spki('e')));
  CHECK(gate.Why() == "HOLDER_DENIED");
}

TEST_CASE("a ticket for the next hop comes exactly when there is one", "[judge]") {
  Gate gate;
  gate.join.next_ticket = "surplus";
  CHECK(gate.Why() == "NEXT_TICKET_UNEXPECTED");
  gate.ticket.next_hop = wire::NextHop{"relay.example:7421", Spki('e')};
  gate.join.next_ticket = "";
  CHECK(gate.Why() == "NEXT_TICKET_MISSING");
}

}  // namespace
}  // namespace crossdock::relay
