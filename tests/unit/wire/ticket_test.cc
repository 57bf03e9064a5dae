#include "lib/wire/ticket.h"

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::wire {
namespace {

using base::ReasonOf;

// The key of RFC 8032's test 2, so that anybody can make this vector again.
base::PrivateKey Key() {
  return *base::PrivateKey::FromSeed(
      *base::FromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
}

Ticket Example() {
  Ticket ticket;
  ticket.relay_spki = std::string(64, '1');
  ticket.side = Side::kSender;
  ticket.rendezvous = "0123456789abcdef";
  ticket.holder_spki = std::string(64, '2');
  ticket.peer_spki = std::string(64, '3');
  ticket.epoch = {7, 42};
  ticket.next_hop = NextHop{"relay.van.example:7443", std::string(64, '4')};
  ticket.not_before = *base::ParseInstant("2026-11-20T10:00:00Z");
  ticket.not_after = *base::ParseInstant("2026-11-20T11:00:00Z");
  ticket.streams_max = 8;
  ticket.bytes_per_second_max = 62'500'000;
  ticket.keys_number_min = 3;
  ticket.deny_number_min = 9;
  return ticket;
}

std::optional<base::PublicKey> Known(std::string_view key_id) {
  if (key_id == base::KeyId(Key().Public())) return Key().Public();
  return std::nullopt;
}

constexpr char kVector[] =
    "4344544b000139f713d0a644253f111111111111111111111111111111111111111111111111111111111111111101303132"
    "3334353637383961626364656622222222222222222222222222222222222222222222222222222222222222223333333333"
    "3333333333333333333333333333333333333333333333333333330000000000000007000000000000002a000000006b001a"
    "20000000006b00283000080000000003b9aca00000000000000003000000000000000901001672656c61792e76616e2e6578"
    "616d706c653a3734343344444444444444444444444444444444444444444444444444444444444444443d65cd4c87aea7d5"
    "f19b1fcde83f487b882d65fc660b21992fc0b02d0b9f9d4f81736895ebfc7c4e24cd2c93068e80deda41efda30de626f9e91"
    "c24969e5560d";

TEST_CASE("a ticket has exactly these bytes") {
  const std::string bytes = *SignTicket(Example(), Key());
  CHECK(base::ToHex(bytes) == kVector);
  CHECK(bytes.size() < 320);
  CHECK(*VerifyTicket(bytes, Known) == Example());
}

TEST_CASE("a ticket without a next hop, for the receiver, comes back as it was") {
  Ticket ticket = Example();
  ticket.side = Side::kReceiver;
  ticket.next_hop.reset();
  CHECK(*VerifyTicket(*SignTicket(ticket, Key()), Known) == ticket);
}

TEST_CASE("no bit of a ticket can be flipped") {
  const std::string bytes = *SignTicket(Example(), Key());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    if (VerifyTicket(flipped, Known).ok()) FAIL("bit " << bit << " was flipped unnoticed");
  }
}

TEST_CASE("a ticket that was cut off, or that has bytes behind it, is refused") {
  const std::string bytes = *SignTicket(Example(), Key());
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(VerifyTicket(bytes.substr(0, size), Known).ok());
  CHECK_FALSE(VerifyTicket(bytes + "x", Known).ok());
  CHECK(ReasonOf(VerifyTicket(std::string(kTicketSizeMax + 1, 'C'), Known).status()) == "TICKET_MALFORMED");
}

TEST_CASE("what is wrong with a ticket has a reason each") {
  base::SystemRandom random;
  const std::string bytes = *SignTicket(Example(), Key());
  CHECK(ReasonOf(VerifyTicket("", Known).status()) == "TICKET_MALFORMED");
  const std::string other = *SignTicket(Example(), base::PrivateKey::Generate(random));
  CHECK(ReasonOf(VerifyTicket(other, Known).status()) == "TICKET_KEY_UNKNOWN");
  std::string newer = bytes;
  newer[5] = 2;
  CHECK(ReasonOf(VerifyTicket(newer, Known).status()) == "TICKET_VERSION");
  std::string forged = bytes;
  forged[20] = 'x';
  CHECK(ReasonOf(VerifyTicket(forged, Known).status()) == "TICKET_SIGNATURE");
}

TEST_CASE("the signature is checked before the rest is read") {
  // A well signed but senseless body is malformed; the same without a right signature never gets so far.
  const auto sign = [](std::string body) {
    std::string bytes = std::string("CDTK\0\1", 6) + *base::FromHex(base::KeyId(Key().Public())) + body;
    return bytes + base::Sign(Key(), bytes);
  };
  CHECK(ReasonOf(VerifyTicket(sign("nonsense"), Known).status()) == "TICKET_MALFORMED");
  std::string unsigned_nonsense = sign("nonsense");
  unsigned_nonsense.back() ^= 1;
  CHECK(ReasonOf(VerifyTicket(unsigned_nonsense, Known).status()) == "TICKET_SIGNATURE");
}

TEST_CASE("no ticket is signed that a relay would refuse") {
  const auto refused = [](auto change) {
    Ticket ticket = Example();
    change(ticket);
    return ReasonOf(SignTicket(ticket, Key()).status()) == "TICKET_MALFORMED";
  };
  CHECK(refused([](Ticket& t) { t.relay_spki = "11"; }));
  CHECK(refused([](Ticket& t) { t.holder_spki[0] = 'A'; }));
  CHECK(refused([](Ticket& t) { t.peer_spki = t.holder_spki; }));
  CHECK(refused([](Ticket& t) { t.rendezvous = "short"; }));
  CHECK(refused([](Ticket& t) { t.side = Side(3); }));
  CHECK(refused([](Ticket& t) { t.streams_max = 0; }));
  CHECK(refused([](Ticket& t) { t.streams_max = kStreamsMax + 1; }));
  CHECK(refused([](Ticket& t) { t.not_after = t.not_before; }));
  CHECK(refused([](Ticket& t) { t.not_after += std::chrono::seconds(1); }));
  CHECK(refused([](Ticket& t) { t.not_before += std::chrono::milliseconds(1); }));
  CHECK(refused([](Ticket& t) { t.next_hop->address = "no port"; }));
  CHECK(refused([](Ticket& t) { t.next_hop->address = std::string(300, 'a') + ":1"; }));
  CHECK(refused([](Ticket& t) { t.next_hop->spki = ""; }));
  CHECK(refused([](Ticket& t) { t.side = Side::kReceiver; }));
}

}  // namespace
}  // namespace crossdock::wire
