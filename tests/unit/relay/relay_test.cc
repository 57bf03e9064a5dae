// Two relays, a sender and a receiver on loopback, all in one process.
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/net/admission.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "relay/server.h"
#include "tests/support/temp_tree.h"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;

base::PrivateKey NewKey() {
  base::SystemRandom random;
  return base::PrivateKey::Generate(random);
}

net::Deadline Soon() { return net::Deadline::After(milliseconds(10'000)); }

std::string KeysBundle(const base::PrivateKey& admin, const base::PublicKey& ticket_key, base::Instant now) {
  trust::RelayKeys keys;
  keys.number = 1;
  keys.issued = now;
  keys.expires = now + std::chrono::hours(24);
  keys.ticket_key = ticket_key;
  return trust::SignedStatement::Sign(*trust::Encode(keys), admin).Format();
}

struct Relay {
  Relay(const std::string& name, const base::PrivateKey& admin, const base::Clock& clock) {
    config.name = name;
    config.listen_lan = config.listen_wan = "127.0.0.1:0";
    config.next_hops = {*net::AddressRange::Parse("127.0.0.0/8")};
    config.partner_wait = milliseconds(3'000);
    config.drain = milliseconds(0);
    bundles = *Bundles::Open(tree.root(), admin.Public());
    server = *Server::Start(config, key, *bundles, clock);
  }
  std::string lan() const { return "127.0.0.1:" + std::to_string(server->lan_port()); }
  std::string wan() const { return "127.0.0.1:" + std::to_string(server->wan_port()); }

  test::TempTree tree;
  Config config;
  net::TlsKey key = net::TlsKey::Generate();
  std::unique_ptr<Bundles> bundles;
  std::unique_ptr<Server> server;
};

class Line {
 public:
  Line() {
    for (Relay* relay : {&near, &far}) {
      const std::string bundle = KeysBundle(admin, ticket_key.Public(), clock.Now());
      auto tending = *net::Tending::Open(sender, relay->lan(), relay->key.spki(), Soon());
      const auto status = tending->Send({bundle, ""}, Soon());
      REQUIRE(status.ok());
      REQUIRE(status->problem.empty());
      REQUIRE(status->keys_number == 1);
    }
  }

  wire::Ticket Common() const {
    wire::Ticket ticket;
    ticket.rendezvous = rendezvous;
    ticket.epoch = {1, epoch};
    ticket.not_before = std::chrono::floor<std::chrono::seconds>(clock.Now()) - std::chrono::seconds(10);
    ticket.not_after = ticket.not_before + std::chrono::minutes(10);
    ticket.streams_max = 4;
    return ticket;
  }
  wire::Ticket SenderTicket() const {
    wire::Ticket ticket = Common();
    ticket.side = wire::Side::kSender;
    ticket.relay_spki = near.key.spki();
    ticket.holder_spki = sender.spki();
    ticket.peer_spki = receiver.spki();
    ticket.next_hop = wire::NextHop{far.wan(), far.key.spki()};
    return ticket;
  }
  wire::Ticket NextTicket() const {
    wire::Ticket ticket = Common();
    ticket.side = wire::Side::kSender;
    ticket.relay_spki = far.key.spki();
    ticket.holder_spki = near.key.spki();
    ticket.peer_spki = receiver.spki();
    return ticket;
  }
  wire::Ticket ReceiverTicket() const {
    wire::Ticket ticket = Common();
    ticket.side = wire::Side::kReceiver;
    ticket.relay_spki = far.key.spki();
    ticket.holder_spki = receiver.spki();
    ticket.peer_spki = near.key.spki();
    return ticket;
  }

  absl::StatusOr<base::UniqueFd> Send(const wire::Ticket& ticket, uint32_t attempt = 0) const {
    net::JoinRequest request;
    request.address = near.lan();
    request.relay_spki = near.key.spki();
    request.join = {wire::kAdmissionVersionNumber, *wire::SignTicket(ticket, ticket_key), 1, attempt,
                    *wire::SignTicket(NextTicket(), ticket_key)};
    return net::JoinRelay(sender, request, Soon());
  }
  absl::StatusOr<base::UniqueFd> Receive(const wire::Ticket& ticket, uint32_t attempt = 0) const {
    net::JoinRequest request;
    request.address = far.lan();
    request.relay_spki = far.key.spki();
    request.join = {wire::kAdmissionVersionNumber, *wire::SignTicket(ticket, ticket_key), 1, attempt, ""};
    return net::JoinRelay(receiver, request, Soon());
  }
  // Both ends, joined.
  std::pair<base::UniqueFd, base::UniqueFd> Join(uint32_t attempt = 0) const {
    absl::StatusOr<base::UniqueFd> theirs = absl::UnknownError("");
    std::thread other([&] { theirs = Receive(ReceiverTicket(), attempt); });
    absl::StatusOr<base::UniqueFd> ours = Send(SenderTicket(), attempt);
    other.join();
    INFO(ours.status() << " / " << theirs.status());
    REQUIRE(ours.ok());
    REQUIRE(theirs.ok());
    return {*std::move(ours), *std::move(theirs)};
  }

  base::SystemClock clock;
  base::SystemRandom random;
  base::PrivateKey admin = NewKey();
  base::PrivateKey ticket_key = NewKey();
  net::TlsKey sender = net::TlsKey::Generate();
  net::TlsKey receiver = net::TlsKey::Generate();
  Relay near{"near", admin, clock};
  Relay far{"far", admin, clock};
  std::string rendezvous = random.Bytes(wire::kRendezvousSize);
  uint64_t epoch = 1;
};

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else {
      pollfd watched{fd, POLLOUT, 0};
      REQUIRE(::poll(&watched, 1, 10'000) > 0);
    }
  }
}

// Until the peer ends; nothing when it breaks or nothing comes.
std::string ReadAll(int fd) {
  std::string all;
  char bytes[65536];
  while (true) {
    pollfd watched{fd, POLLIN, 0};
    if (::poll(&watched, 1, 10'000) <= 0) return "timeout";
    const ssize_t got = ::recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0) return all;
    all.append(bytes, static_cast<size_t>(got));
  }
}

TEST_CASE("bytes cross two relays both ways, and a half-close is passed on") {
  Line line;
  const auto [ours, theirs] = line.Join();
  const std::string forth = line.random.Bytes(20'000'000);
  std::string received;
  std::thread reader([&, fd = theirs.get()] { received = ReadAll(fd); });
  WriteAll(ours.get(), forth);
  ::shutdown(ours.get(), SHUT_WR);
  reader.join();
  CHECK(received == forth);
  WriteAll(theirs.get(), "thanks");
  ::shutdown(theirs.get(), SHUT_WR);
  CHECK(ReadAll(ours.get()) == "thanks");
}

TEST_CASE("a ticket is taken once") {
  Line line;
  const auto joined = line.Join();
  CHECK(base::ReasonOf(line.Send(line.SenderTicket()).status()) == "TICKET_REPLAYED");
}

TEST_CASE("a ticket opens nothing for another holder, at another relay, or after its time") {
  Line line;
  wire::Ticket ticket = line.SenderTicket();
  std::string reason;
  SECTION("another holder's") {
    ticket.holder_spki = net::TlsKey::Generate().spki();
    reason = "TICKET_OTHER_HOLDER";
  }
  SECTION("another relay's") {
    ticket.relay_spki = line.far.key.spki();
    reason = "TICKET_OTHER_RELAY";
  }
  SECTION("expired") {
    ticket.not_before -= std::chrono::hours(2);
    ticket.not_after -= std::chrono::hours(2);
    reason = "TICKET_EXPIRED";
  }
  SECTION("of bundles that the relay has not seen") {
    ticket.keys_number_min = 2;
    reason = "BUNDLE_MISSING";
  }
  SECTION("signed by somebody else") {
    line.ticket_key = NewKey();
    reason = "TICKET_KEY_UNKNOWN";
  }
  CHECK(base::ReasonOf(line.Send(ticket).status()) == reason);
  // The relay still works.
  CHECK_FALSE(reason.empty());
}

TEST_CASE("a leg whose partner never comes is told so") {
  Line line;
  CHECK(base::ReasonOf(line.Receive(line.ReceiverTicket()).status()) == "PARTNER_ABSENT");
  // And the next try finds its partner.
  line.Join(1);
}

TEST_CASE("a newer attempt cuts the older one, which cannot come back") {
  Line line;
  const auto [ours, theirs] = line.Join();
  line.epoch = 2;
  const auto newer = line.Join();
  CHECK(ReadAll(theirs.get()).empty());
  line.epoch = 1;
  CHECK(base::ReasonOf(line.Receive(line.ReceiverTicket(), 1).status()) == "EPOCH_STALE");
}

TEST_CASE("when one end breaks the other hears of it, and a later try joins again") {
  Line line;
  {
    auto [ours, theirs] = line.Join();
    ours = base::UniqueFd();
    CHECK(ReadAll(theirs.get()).empty());
  }
  const auto [ours, theirs] = line.Join(1);
  WriteAll(ours.get(), "again");
  ::shutdown(ours.get(), SHUT_WR);
  CHECK(ReadAll(theirs.get()) == "again");
}

TEST_CASE("a relay dials nowhere that its configuration does not allow") {
  Line line;
  line.near.config.next_hops = {*net::AddressRange::Parse("203.0.113.0/24")};
  CHECK(base::ReasonOf(line.Send(line.SenderTicket()).status()) == "NEXT_HOP_NOT_ALLOWED");
}

TEST_CASE("bundles of somebody who was not pinned are not taken, and the reason is told") {
  Line line;
  const std::string forged = KeysBundle(NewKey(), line.ticket_key.Public(), line.clock.Now());
  auto tending = *net::Tending::Open(line.sender, line.near.lan(), line.near.key.spki(), Soon());
  const auto status = tending->Send({forged, ""}, Soon());
  REQUIRE(status.ok());
  CHECK(status->problem.find("SIGNATURE_INVALID") != std::string::npos);
}

TEST_CASE("tending is refused on the outer face") {
  Line line;
  auto tending = *net::Tending::Open(line.sender, line.near.wan(), line.near.key.spki(), Soon());
  CHECK(base::ReasonOf(tending->Send({}, Soon()).status()) == "ADMISSION_PROTOCOL");
}

TEST_CASE("the commented example is a configuration") {
  std::ifstream file(std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/relay.example.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto config = ParseConfig(text, "example");
  INFO(config.status());
  CHECK(config.ok());
}

}  // namespace
}  // namespace crossdock::relay
