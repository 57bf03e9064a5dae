// Two relays and the ends of a leg on loopback, all in one process; tickets signed as an orchestrator would.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/net/admission.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "relay/server.h"
#include "tests/support/temp_tree.h"

namespace crossdock::relay {

inline base::PrivateKey NewKey() {
  base::SystemRandom random;
  return base::PrivateKey::Generate(random);
}

inline net::Deadline Soon() { return net::Deadline::After(std::chrono::milliseconds(10'000)); }

inline std::string KeysBundle(const base::PrivateKey& admin, const base::PublicKey& ticket_key, base::Instant now) {
  trust::RelayKeys keys;
  keys.number = 1;
  keys.issued = now;
  keys.expires = now + std::chrono::hours(24);
  keys.ticket_key = ticket_key;
  return trust::SignedStatement::Sign(*trust::Encode(keys), admin).Format();
}

struct Relay {
  using Tune = std::function<void(Config&)>;
  Relay(const std::string& name, const base::PrivateKey& admin, const base::Clock& clock, const Tune& tune) {
    config.name = name;
    config.listen_lan = config.listen_wan = "127.0.0.1:0";
    config.next_hops = {*net::AddressRange::Parse("127.0.0.0/8")};
    config.partner_wait = std::chrono::milliseconds(10'000);
    config.drain = std::chrono::milliseconds(0);
    if (tune) tune(config);
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
  explicit Line(const Relay::Tune& with = {}) : tune(with) {
    ::signal(SIGPIPE, SIG_IGN);  // as base::SetUpProcess does
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

  const Relay::Tune tune;
  base::SystemClock clock;
  base::SystemRandom random;
  base::PrivateKey admin = NewKey();
  base::PrivateKey ticket_key = NewKey();
  net::TlsKey sender = net::TlsKey::Generate();
  net::TlsKey receiver = net::TlsKey::Generate();
  Relay near{"near", admin, clock, tune};
  Relay far{"far", admin, clock, tune};
  std::string rendezvous = random.Bytes(wire::kRendezvousSize);
  uint64_t epoch = 1;
};

inline void WriteAll(int fd, std::string_view bytes) {
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
inline std::string ReadAll(int fd) {
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

}  // namespace crossdock::relay
