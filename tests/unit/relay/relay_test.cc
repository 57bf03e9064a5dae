// Two relays, a sender and a receiver on loopback, all in one process.
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/net/admission.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "relay/busy.h"
#include "relay/server.h"
#include "tests/support/relay_line.h"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;

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
  Line line([](Config& config) { config.partner_wait = milliseconds(500); });
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

TEST_CASE("whoever tends a relay is told how busy its processors were since") {
  Line line;
  const auto tending = *net::Tending::Open(line.sender, line.near.lan(), line.near.key.spki(), Soon());
  CHECK(tending->Send({}, Soon())->busy_per_mille == 0);
  // The relay shares this process.
  const base::Steady end = line.clock.MonotonicNow() + BusyMeter::kIntervalMin;
  while (line.clock.MonotonicNow() < end) continue;
  const auto busy = tending->Send({}, Soon())->busy_per_mille;
  CHECK(busy > 0);
  CHECK(busy <= 1000);
}

TEST_CASE("a denial cuts the running legs of the key, and lets it in no more") {
  Line line;
  const auto [ours, theirs] = line.Join();
  trust::RelayDeny deny;
  deny.number = 1;
  deny.issued = line.clock.Now();
  deny.deny = {line.receiver.spki()};
  const std::string text = trust::SignedStatement::Sign(*trust::Encode(deny), line.ticket_key).Format();
  for (const Relay* relay : {&line.near, &line.far}) {
    const auto tending = *net::Tending::Open(line.sender, relay->lan(), relay->key.spki(), Soon());
    const auto status = tending->Send({"", text}, Soon());
    REQUIRE(status.ok());
    CHECK(status->problem.empty());
    CHECK(status->deny_number == 1);
  }
  CHECK(ReadAll(theirs.get()).empty());
  CHECK(ReadAll(ours.get()).empty());
  CHECK(base::ReasonOf(line.Receive(line.ReceiverTicket(), 1).status()) == "HOLDER_DENIED");
}

TEST_CASE("a draining relay lets its pairs finish, sends the waiting away, and takes nobody more") {
  Line line([](Config& config) { config.drain = milliseconds(20'000); });
  const auto [ours, theirs] = line.Join();
  // Waits at the far relay, on the other leg; a tending connection sees when.
  const auto tending = *net::Tending::Open(line.sender, line.far.lan(), line.far.key.spki(), Soon());
  std::string reason;
  std::thread waiting([&] {
    net::JoinRequest request;
    request.address = line.far.lan();
    request.relay_spki = line.far.key.spki();
    request.join = {wire::kAdmissionVersionNumber, *wire::SignTicket(line.ReceiverTicket(), line.ticket_key), 2, 0, ""};
    reason = base::ReasonOf(net::JoinRelay(line.receiver, request, Soon()).status());
  });
  while (tending->Send({}, Soon())->waiting == 0) std::this_thread::yield();
  std::thread stopping([&] { line.far.server->Stop(); });
  waiting.join();
  CHECK(reason == "RELAY_DRAINING");
  CHECK(tending->Send({}, Soon())->draining);
  CHECK(base::ReasonOf(line.Receive(line.ReceiverTicket(), 1).status()) == "CONNECTION_FAILED");
  WriteAll(ours.get(), "to the end");
  ::shutdown(ours.get(), SHUT_WR);
  ::shutdown(theirs.get(), SHUT_WR);
  CHECK(ReadAll(theirs.get()) == "to the end");
  stopping.join();
}

base::UniqueFd Silent(const std::string& address) { return *net::Dial(address, Soon()); }

TEST_CASE("connections that say nothing keep nobody out") {
  Line line([](Config& config) { config.half_open = {.total_max = 8, .per_address_max = 4}; });
  const base::UniqueFd oldest = Silent(line.far.lan());
  std::vector<base::UniqueFd> more;
  for (int i = 0; i < 20; ++i) more.push_back(Silent(line.far.lan()));
  // Behind them in the queue: once it is answered they have all been accepted.
  const auto behind = net::Tending::Open(line.sender, line.far.lan(), line.far.key.spki(), Soon());
  REQUIRE(behind.ok());
  REQUIRE((*behind)->Send({}, Soon()).ok());
  // Well before its own time for admission is over.
  pollfd watched{oldest.get(), POLLIN, 0};
  CHECK(::poll(&watched, 1, 5'000) == 1);
  CHECK(ReadAll(oldest.get()).empty());
  line.Join();
}

TEST_CASE("T-36: a handshake that drips ends at the time for admission, however steadily it drips") {
  Line line([](Config& config) { config.admission = milliseconds(400); });
  const bool within_tls = GENERATE(false, true);
  base::UniqueFd raw;
  const base::Steady begin = line.clock.MonotonicNow();
  if (within_tls) {
    // A handshake that is whole, and then nothing of the join.
    const net::TlsContext context(line.sender, net::TlsRole::kClient, net::TlsUse::kThenClear);
    auto connection = net::TlsConnection::Handshake(context, Silent(line.far.lan()), line.far.key.spki(), Soon());
    REQUIRE(connection.ok());
    const auto answer = net::ReadAdmission(**connection, Soon());
    REQUIRE(answer.ok());
    REQUIRE(std::holds_alternative<wire::Refused>(*answer));
    CHECK(std::get<wire::Refused>(*answer).reason == "ADMISSION_TIMEOUT");
  } else {
    raw = Silent(line.far.lan());
    const std::string hello("\x16\x03\x01\x01\x00\x01\x00\x00\xfc\x03\x03", 11);
    bool open = true;
    for (size_t at = 0; open && at < 200; ++at) {
      const char byte = at < hello.size() ? hello[at] : 'x';
      open = ::send(raw.get(), &byte, 1, MSG_NOSIGNAL) == 1;
      pollfd watched{raw.get(), POLLIN, 0};
      if (open && ::poll(&watched, 1, 20) > 0) open = ::recv(raw.get(), &watched, 1, MSG_PEEK) > 0;
    }
    CHECK_FALSE(open);
  }
  CHECK(line.clock.MonotonicNow() - begin >= milliseconds(400));
  line.Join();
}

TEST_CASE("a relay without a descriptor left turns callers away and goes on") {
  Line line;
  std::vector<base::UniqueFd> callers;
  for (int i = 0; i < 8; ++i) callers.push_back(Silent(line.near.lan()));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  // What is free below the limit is taken, too.
  const base::UniqueFd late(::socket(AF_INET, SOCK_STREAM, 0));
  std::vector<base::UniqueFd> filling;
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(late.get()) + 1;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) filling.emplace_back(fd);
  const auto address = (*net::Resolve({"127.0.0.1", line.near.server->lan_port()})).front();
  const bool connected = ::connect(late.get(), address.get(), address.size()) == 0;
  const std::string answer = ReadAll(late.get());
  filling.clear();
  ::setrlimit(RLIMIT_NOFILE, &before);
  CHECK(connected);
  CHECK(answer.empty());
  line.Join();
}

TEST_CASE("the commented example is a configuration") {
  std::ifstream file(std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/relay.example.yaml");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto config = ParseConfig(text, "example");
  INFO(config.status());
  CHECK(config.ok());
}

TEST_CASE("a configuration that cannot be is refused with its line") {
  const auto complaint = [](const std::string& listen, const std::string& rest = "") {
    return std::string(
        base::ToStd(ParseConfig("schema: crossdock/relay/v1\nname: lon-r1\nstate: /s\nlisten: " + listen + "\n" + rest,
                                "relay.yaml")
                        .status()
                        .message()));
  };
  const std::string good = "{lan: \"127.0.0.1:0\", wan: \"[::1]:0\"}";
  CHECK(complaint(good).empty());
  CHECK(complaint("{lan: \"127.0.0.1\", wan: \"[::1]:0\"}").find("relay.yaml:4") == 0);
  CHECK(complaint(good, "next_hops: [10.0.0.0/99]").find("relay.yaml:5") == 0);
  CHECK(complaint(good, "limits: {partner_wait: 0s}").find("relay.yaml:5") == 0);
  CHECK(complaint(good, "limit: {}").find("relay.yaml:5") == 0);
}

}  // namespace
}  // namespace crossdock::relay
