// Who meets whom, and what fences them; no sockets and no clock.
#include "relay/rendezvous.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::relay {
namespace {

using std::chrono::minutes;
using wire::Side;

const base::Instant kNow = base::Instant(std::chrono::hours(500'000));

std::string Reason(const absl::Status& status) { return base::ReasonOf(status); }

struct Leg {
  Side side = Side::kSender;
  uint16_t leg = 1;
  uint32_t attempt = 0;
  uint64_t epoch = 1;
  std::string rendezvous = "0123456789abcdef";
  std::string peer = "";
};

std::shared_ptr<Place> At(const Leg& leg) {
  wire::Ticket ticket;
  ticket.side = leg.side;
  ticket.rendezvous = leg.rendezvous;
  ticket.holder_spki = leg.side == Side::kSender ? "sender" : "receiver";
  ticket.peer_spki = leg.side == Side::kSender ? "receiver" : "sender";
  if (!leg.peer.empty()) ticket.peer_spki = leg.peer;
  ticket.epoch = {1, leg.epoch};
  ticket.not_before = kNow;
  ticket.not_after = kNow + minutes(10);
  return std::make_shared<Place>(ticket, leg.leg, leg.attempt);
}

// A ticket per side and epoch, as the orchestrator makes them.
std::string Digest(const Leg& leg) {
  return std::string(wire::Name(leg.side)) + std::to_string(leg.epoch) + leg.rendezvous;
}

struct Meeting {
  explicit Meeting(RendezvousLimits limits = {}) : rendezvous(limits) {}
  absl::StatusOr<std::shared_ptr<Place>> Come(const Leg& leg, base::Instant now = kNow) {
    last = At(leg);
    return rendezvous.Meet(last, Digest(leg), now);
  }
  Rendezvous rendezvous;
  std::shared_ptr<Place> last;
};

TEST_CASE("a sender and a receiver of one leg meet, whoever comes first", "[rendezvous]") {
  Meeting meeting;
  const Side first_side = GENERATE(Side::kSender, Side::kReceiver);
  const Side second_side = first_side == Side::kSender ? Side::kReceiver : Side::kSender;
  const auto nobody = meeting.Come({first_side});
  REQUIRE(nobody.ok());
  CHECK(*nobody == nullptr);
  const auto first = meeting.last;
  CHECK(meeting.rendezvous.waiting() == 1);
  CHECK_FALSE(first->wake.IsSet());
  const auto partner = meeting.Come({second_side});
  REQUIRE(partner.ok());
  CHECK(*partner == first);
  CHECK(first->wake.IsSet());
  CHECK(meeting.rendezvous.Met(first).ok());
  CHECK(meeting.rendezvous.waiting() == 0);
  CHECK(meeting.rendezvous.joined() == 1);
  meeting.rendezvous.Leave(meeting.last);
  CHECK(meeting.rendezvous.joined() == 0);
}

TEST_CASE("legs of another number or another transfer do not meet", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kSender, 1}).ok());
  CHECK(*meeting.Come({Side::kReceiver, 2}) == nullptr);
  CHECK(*meeting.Come({Side::kReceiver, 1, 0, 1, "fedcba9876543210"}) == nullptr);
  CHECK(meeting.rendezvous.waiting() == 3);
}

TEST_CASE("two that do not name each other are not joined, and the first goes on waiting", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kReceiver}).ok());
  CHECK(Reason(meeting.Come({Side::kSender, 1, 0, 1, "0123456789abcdef", "somebody"}).status()) == "PEER_MISMATCH");
  CHECK(meeting.rendezvous.waiting() == 1);
}

TEST_CASE("a try is taken once, and after a later one not at all", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kSender, 1, 5}).ok());
  CHECK(Reason(meeting.Come({Side::kSender, 1, 5}).status()) == "TICKET_REPLAYED");
  CHECK(Reason(meeting.Come({Side::kSender, 1, 4}).status()) == "TICKET_REPLAYED");
  CHECK(meeting.Come({Side::kSender, 1, 6}).ok());
  // Of another leg it is another use.
  CHECK(meeting.Come({Side::kSender, 2, 0}).ok());
}

TEST_CASE("a later try replaces who waits on its side and cuts the pair of its leg alone", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kSender, 1}).ok());
  const auto waiting = meeting.last;
  REQUIRE(meeting.Come({Side::kSender, 2}).ok());
  REQUIRE(meeting.Come({Side::kReceiver, 2}).ok());
  const auto other_pair = meeting.last;
  REQUIRE(meeting.Come({Side::kSender, 1, 1}).ok());
  CHECK(Reason(meeting.rendezvous.Met(waiting)) == "LEG_REPLACED");
  CHECK_FALSE(other_pair->wake.IsSet());

  REQUIRE(*meeting.Come({Side::kReceiver, 1}) != nullptr);
  const auto pair = meeting.last;
  REQUIRE(meeting.Come({Side::kReceiver, 1, 1}).ok());
  CHECK(pair->wake.IsSet());
  CHECK(meeting.rendezvous.EndedBy(*pair) == "LEG_REPLACED");
  CHECK_FALSE(other_pair->wake.IsSet());
}

TEST_CASE("a newer attempt ends all legs of the older, which stays out", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kSender, 1}).ok());
  REQUIRE(meeting.Come({Side::kReceiver, 1}).ok());
  const auto pair = meeting.last;
  REQUIRE(meeting.Come({Side::kReceiver, 2}).ok());
  const auto waiting = meeting.last;
  REQUIRE(meeting.Come({Side::kReceiver, 3, 0, 2}).ok());
  CHECK(meeting.rendezvous.EndedBy(*pair) == "LEG_REPLACED");
  CHECK(Reason(meeting.rendezvous.Met(waiting)) == "LEG_REPLACED");
  CHECK(Reason(meeting.Come({Side::kSender, 3, 0, 1}).status()) == "EPOCH_STALE");
  CHECK(meeting.rendezvous.waiting() == 1);
}

TEST_CASE("who has waited enough is told so once, and waits no more", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kSender}).ok());
  const auto waiting = meeting.last;
  CHECK(Reason(meeting.rendezvous.Met(waiting)) == "PARTNER_ABSENT");
  CHECK(meeting.rendezvous.waiting() == 0);
  CHECK(*meeting.Come({Side::kReceiver}) == nullptr);
}

TEST_CASE("a denied key's legs are ended, waiting and joined, and nobody else's", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kReceiver, 1}).ok());
  REQUIRE(meeting.Come({Side::kSender, 1}).ok());
  const auto pair = meeting.last;
  REQUIRE(meeting.Come({Side::kReceiver, 2}).ok());
  const auto waiting = meeting.last;
  REQUIRE(meeting.Come({Side::kReceiver, 3, 0, 1, "fedcba9876543210", "other"}).ok());
  const auto unrelated = meeting.last;
  meeting.rendezvous.CutDenied([](const std::string& spki) { return spki == "sender"; });
  CHECK(meeting.rendezvous.EndedBy(*pair) == "HOLDER_DENIED");
  CHECK(Reason(meeting.rendezvous.Met(waiting)) == "HOLDER_DENIED");
  CHECK_FALSE(unrelated->wake.IsSet());
}

TEST_CASE("a draining relay turns away who waits and who comes, and leaves pairs alone until the end", "[rendezvous]") {
  Meeting meeting;
  REQUIRE(meeting.Come({Side::kReceiver, 1}).ok());
  REQUIRE(meeting.Come({Side::kSender, 1}).ok());
  const auto pair = meeting.last;
  REQUIRE(meeting.Come({Side::kReceiver, 2}).ok());
  const auto waiting = meeting.last;
  meeting.rendezvous.Drain();
  CHECK(Reason(meeting.rendezvous.Met(waiting)) == "RELAY_DRAINING");
  CHECK(Reason(meeting.Come({Side::kReceiver, 3}).status()) == "RELAY_DRAINING");
  CHECK_FALSE(pair->wake.IsSet());
  meeting.rendezvous.CutAll();
  CHECK(meeting.rendezvous.EndedBy(*pair) == "RELAY_DRAINING");
}

TEST_CASE("no more legs wait or are joined than the limits say", "[rendezvous]") {
  Meeting meeting({.waiting_max = 2, .joined_max = 1});
  REQUIRE(meeting.Come({Side::kSender, 1}).ok());
  REQUIRE(meeting.Come({Side::kSender, 2}).ok());
  CHECK(Reason(meeting.Come({Side::kSender, 3}).status()) == "RELAY_FULL");
  REQUIRE(meeting.Come({Side::kReceiver, 1}).ok());
  CHECK(Reason(meeting.Come({Side::kReceiver, 2}).status()) == "RELAY_FULL");
}

TEST_CASE("used tickets are forgotten when they have expired and the memory is full, not before", "[rendezvous]") {
  Meeting meeting({.remembered_max = 2});
  // Any number of tries of one ticket fill one place.
  for (uint32_t attempt = 0; attempt < 100; ++attempt) REQUIRE(meeting.Come({Side::kSender, 1, attempt}).ok());
  REQUIRE(meeting.Come({Side::kSender, 2}).ok());
  CHECK(Reason(meeting.Come({Side::kSender, 3}).status()) == "RELAY_FULL");
  CHECK(meeting.Come({Side::kSender, 3}, kNow + minutes(12)).ok());
}

TEST_CASE("a leg that is taken on to the next relay has the same fences", "[rendezvous]") {
  Rendezvous rendezvous{RendezvousLimits{}};
  const Leg old_leg{Side::kSender, 1, 0, 1};
  const auto older = At(old_leg);
  REQUIRE(rendezvous.Enter(older, Digest(old_leg), kNow).ok());
  CHECK(rendezvous.joined() == 1);
  CHECK(Reason(rendezvous.Enter(At(old_leg), Digest(old_leg), kNow)) == "TICKET_REPLAYED");
  const Leg newer{Side::kSender, 2, 0, 2};
  REQUIRE(rendezvous.Enter(At(newer), Digest(newer), kNow).ok());
  CHECK(rendezvous.EndedBy(*older) == "LEG_REPLACED");
  CHECK(Reason(rendezvous.Enter(At({Side::kSender, 1, 1, 1}), Digest(old_leg), kNow)) == "EPOCH_STALE");
}

}  // namespace
}  // namespace crossdock::relay
