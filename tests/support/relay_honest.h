// A sender and a receiver who have tickets for a relay that runs as a process.
#pragma once

#include <iostream>
#include <string>
#include <thread>

#include "lib/base/encoding.h"
#include "tests/support/relay_line.h"
#include "tests/support/relay_process.h"

namespace crossdock::relay {

// A sender and a receiver with tickets for one relay, which they join again and again.
class Honest {
 public:
  explicit Honest(const test::RelayProcess& relay, const base::PrivateKey& admin) : relay_(relay) {
    const std::string bundle = KeysBundle(admin, ticket_key_.Public(), clock_.Now());
    const auto tending = *net::Tending::Open(sender_, relay.lan(), relay.spki(), Soon());
    REQUIRE(tending->Send({bundle, ""}, Soon())->keys_number == 1);
  }

  // How long both took until they were joined; over a minute when they were not.
  std::chrono::milliseconds Join() {
    const base::Steady begin = clock_.MonotonicNow();
    const std::string rendezvous = random_.Bytes(wire::kRendezvousSize);
    absl::StatusOr<base::UniqueFd> theirs = absl::UnknownError("");
    std::thread other([&] { theirs = Bring(receiver_, sender_, wire::Side::kReceiver, rendezvous, ticket_key_); });
    const absl::StatusOr<base::UniqueFd> ours = Bring(sender_, receiver_, wire::Side::kSender, rendezvous, ticket_key_);
    other.join();
    if (!ours.ok() || !theirs.ok()) {
      std::cerr << "not joined: " << ours.status() << " / " << theirs.status() << '\n';
      return std::chrono::minutes(2);
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.MonotonicNow() - begin);
  }

  // Why the relay turns away a leg whose ticket this key has signed.
  std::string ReasonWithTicketOf(const base::PrivateKey& signer) {
    const std::string rendezvous = random_.Bytes(wire::kRendezvousSize);
    return base::ReasonOf(Bring(receiver_, sender_, wire::Side::kReceiver, rendezvous, signer).status());
  }
  const base::PrivateKey& ticket_key() const { return ticket_key_; }

 private:
  absl::StatusOr<base::UniqueFd> Bring(const net::TlsKey& own, const net::TlsKey& peer, wire::Side side,
                                       const std::string& rendezvous, const base::PrivateKey& signer) const {
    wire::Ticket ticket;
    ticket.side = side;
    ticket.relay_spki = relay_.spki();
    ticket.rendezvous = rendezvous;
    ticket.holder_spki = own.spki();
    ticket.peer_spki = peer.spki();
    ticket.epoch = {1, 1};
    ticket.not_before = std::chrono::floor<std::chrono::seconds>(clock_.Now()) - std::chrono::seconds(10);
    ticket.not_after = ticket.not_before + std::chrono::minutes(10);
    ticket.streams_max = 1;
    net::JoinRequest request;
    request.address = relay_.wan();
    request.relay_spki = relay_.spki();
    request.join = {wire::kAdmissionVersionNumber, *wire::SignTicket(ticket, signer), 1, 0, ""};
    return net::JoinRelay(own, request, Soon());
  }

  const test::RelayProcess& relay_;
  const base::SystemClock clock_;
  base::SystemRandom random_;
  const base::PrivateKey ticket_key_ = NewKey();
  const net::TlsKey sender_ = net::TlsKey::Generate();
  const net::TlsKey receiver_ = net::TlsKey::Generate();
};

}  // namespace crossdock::relay
