#include "agent/legs/relay_legs.h"

#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "tests/support/fake_relay.h"

namespace crossdock::agent {
namespace {

using Stream = absl::StatusOr<std::unique_ptr<ByteStream>>;

// A sender and a receiver at one relay.
class Site {
 public:
  Way WayOf(bool sender) const {
    Way way;
    way.relay_address = relay.address();
    way.relay_spki = relay.spki();
    way.ticket = sender ? ticket : "receiver's";
    way.next_ticket = sender ? "next" : "";
    way.peer_spki = sender ? sender_expects : sender_key.spki();
    way.sender = sender;
    return way;
  }
  std::pair<Stream, Stream> Join(uint16_t leg, uint16_t attempt) {
    Stream theirs = absl::UnknownError("");
    std::thread other([&] { theirs = receiver.Dial(leg, attempt, {}); });
    Stream ours = sender.Dial(leg, attempt, {});
    other.join();
    return {std::move(ours), std::move(theirs)};
  }

  test::FakeRelay relay;
  net::TlsKey sender_key = net::TlsKey::Generate();
  net::TlsKey receiver_key = net::TlsKey::Generate();
  std::string sender_expects = receiver_key.spki();
  std::string ticket = "sender's";
  RelayLegs sender{sender_key, [this] { return WayOf(true); }};
  RelayLegs receiver{receiver_key, [this] { return WayOf(false); }};
};

std::string ReadAll(ByteStream& stream) {
  std::string all;
  char bytes[65536];
  while (true) {
    const auto got = stream.Read(bytes, sizeof bytes);
    if (!got.ok()) return base::ReasonOf(got.status());
    if (*got == 0) return all;
    all.append(bytes, *got);
  }
}

TEST_CASE("a leg carries bytes from agent to agent to its end, and the relay between sees none of them") {
  Site site;
  auto [ours, theirs] = site.Join(1, 0);
  INFO(ours.status() << " / " << theirs.status());
  REQUIRE(ours.ok());
  REQUIRE(theirs.ok());
  base::SystemRandom random;
  const std::string sent = "the shot's first frame" + random.Bytes(3'000'000);
  std::string received;
  std::thread reader([&, &stream = **theirs] { received = ReadAll(stream); });
  REQUIRE((*ours)->Write(sent).ok());
  REQUIRE((*ours)->CloseWrite().ok());
  reader.join();
  CHECK(received == sent);
  CHECK(site.relay.seen().size() > sent.size());
  CHECK(site.relay.seen().find("first frame") == std::string::npos);
}

TEST_CASE("a leg that breaks is dialled again, with its next try and the ticket of that moment") {
  Site site;
  {
    auto [ours, theirs] = site.Join(2, 0);
    REQUIRE(theirs.ok());
    site.relay.Cut();
    CHECK(ReadAll(**theirs) == "PEER_LOST");
  }
  site.ticket = "renewed";
  auto [ours, theirs] = site.Join(2, 1);
  REQUIRE(ours.ok());
  REQUIRE(theirs.ok());
  REQUIRE((*ours)->Write("again").ok());
  REQUIRE((*ours)->CloseWrite().ok());
  CHECK(ReadAll(**theirs) == "again");
  int first = 0;
  int renewed = 0;
  for (const wire::Join& join : site.relay.joins()) {
    CHECK(join.leg == 2);
    if (join.ticket == "sender's" && join.attempt == 0 && join.next_ticket == "next") ++first;
    if (join.ticket == "renewed" && join.attempt == 1) ++renewed;
  }
  CHECK(first == 1);
  CHECK(renewed == 1);
}

TEST_CASE("an agent with another key than the assignment's gets no leg") {
  Site site;
  site.sender_expects = net::TlsKey::Generate().spki();
  const auto [ours, theirs] = site.Join(1, 0);
  CHECK(base::ReasonOf(ours.status()) == "TLS_PEER_KEY");
  CHECK_FALSE(theirs.ok());
}

TEST_CASE("a relay's refusal keeps its reason; a relay that is away is a peer that cannot be reached") {
  Site site;
  site.relay.RefuseNext("TICKET_EXPIRED");
  CHECK(base::ReasonOf(site.sender.Dial(0, 0, {}).status()) == "TICKET_EXPIRED");
  RelayLegs nowhere(site.sender_key, [&] {
    Way way = site.WayOf(true);
    way.relay_address = "127.0.0.1:1";
    return way;
  });
  CHECK(base::ReasonOf(nowhere.Dial(0, 0, {}).status()) == "PEER_UNREACHABLE");
}

TEST_CASE("a stop ends a dial whose partner has not come") {
  Site site;
  std::stop_source stop;
  Stream stream = absl::UnknownError("");
  std::thread dialler([&] { stream = site.sender.Dial(0, 0, stop.get_token()); });
  site.relay.AwaitJoins(1);
  stop.request_stop();
  dialler.join();
  CHECK(base::ReasonOf(stream.status()) == "PEER_UNREACHABLE");
}

TEST_CASE("an abort ends the read that blocks, and every call after it") {
  Site site;
  auto [ours, theirs] = site.Join(1, 0);
  REQUIRE(ours.ok());
  REQUIRE(theirs.ok());
  std::string ended;
  std::thread reader([&, &stream = **theirs] { ended = ReadAll(stream); });
  (*theirs)->Abort();
  reader.join();
  CHECK(ended == "PEER_LOST");
  // Its socket would still take it.
  CHECK(base::ReasonOf((*theirs)->Write("more")) == "PEER_LOST");
  CHECK_FALSE((*theirs)->CloseWrite().ok());
}

}  // namespace
}  // namespace crossdock::agent
