#include "relay/session.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/net/admission.h"
#include "lib/net/tls_connection.h"
#include "lib/wire/relay_reason.h"
#include "relay/judge.h"
#include "relay/pump.h"

namespace crossdock::relay {
namespace {

using net::Deadline;
using std::chrono::milliseconds;

constexpr milliseconds kAdmissionTime{10'000};
constexpr milliseconds kNextHopTime{75'000};
// A tending agent speaks each few seconds.
constexpr milliseconds kTendingSilence{60'000};

// Of the sockets that cross the internet: the congestion control that a lossy line needs, and the ticket's ceiling.
void PrepareWan(int fd, uint64_t bytes_per_second_max) {
  constexpr char kBbr[] = "bbr";
  ::setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, kBbr, sizeof kBbr - 1);
  if (bytes_per_second_max > 0)
    ::setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &bytes_per_second_max, sizeof bytes_per_second_max);
}

// A peer that vanished without a word must not hold a pair for ever.
void KeepAlive(int fd) {
  const int on = 1;
  const int idle = 20;
  const int interval = 10;
  const unsigned lost = 60'000;  // milliseconds
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &lost, sizeof lost);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Takes the place away from the rendezvous however the session ends.
class Stay {
 public:
  Stay(Rendezvous& rendezvous, std::shared_ptr<Place> place) : rendezvous_(rendezvous), place_(std::move(place)) {}
  ~Stay() { rendezvous_.Leave(place_); }
  Stay(const Stay&) = delete;
  Stay& operator=(const Stay&) = delete;

 private:
  Rendezvous& rendezvous_;
  const std::shared_ptr<Place> place_;
};

class Session {
 public:
  Session(const Shared& shared, const net::SocketAddress& peer, Face face)
      : shared_(shared), peer_(peer), face_(face) {}

  absl::Status Run(base::UniqueFd fd) {
    KeepAlive(fd.get());
    const Deadline deadline = Deadline::After(kAdmissionTime, &shared_.ending);
    const net::TlsContext context(shared_.key, net::TlsRole::kServer, net::TlsUse::kThenClear);
    ASSIGN_OR_RETURN(connection_, net::TlsConnection::Handshake(context, std::move(fd), "", deadline));
    ASSIGN_OR_RETURN(const wire::AdmissionMessage first, net::ReadAdmission(*connection_, deadline));
    absl::Status status;
    if (const auto* join = std::get_if<wire::Join>(&first)) {
      status = TakeJoin(*join, deadline);
    } else if (std::holds_alternative<wire::Tend>(first) && face_ == Face::kLan) {
      status = Tended();
    } else {
      status = base::WithReason(base::PermissionDenied("a relay takes joins, and tending on its inner side"),
                                wire::kAdmissionProtocol);
    }
    if (!status.ok()) TurnAway(status);
    return status;
  }

 private:
  // Best effort; nothing when the way is clear already.
  void TurnAway(const absl::Status& status) {
    if (!connection_) return;
    const Deadline deadline = Deadline::After(milliseconds(2'000));
    const wire::Refused refused{base::ReasonOf(status), std::string(base::ToStd(status.message()))};
    if (net::WriteAdmission(*connection_, refused, deadline).ok()) (void)connection_->CloseWrite(deadline);
  }

  absl::Status TakeJoin(const wire::Join& join, const Deadline& deadline) {
    const base::Instant now = shared_.clock.Now();
    ASSIGN_OR_RETURN(const wire::Ticket ticket,
                     Judge(join, connection_->peer_spki(), shared_.key.spki(), shared_.bundles, now));
    // The dialler's farewell is on its way; nothing may follow it until `joined`.
    char one = 0;
    ASSIGN_OR_RETURN(const size_t more, connection_->Read({&one, 1}, deadline));
    if (more != 0) return base::WithReason(base::PermissionDenied("bytes after the join"), wire::kAdmissionProtocol);
    place_ = std::make_shared<Place>(ticket, join.leg, join.attempt);
    const std::string digest = base::ToHex(base::Sha256(join.ticket));
    if (ticket.next_hop) return TakeOn(join, digest, now);
    ASSIGN_OR_RETURN(const std::shared_ptr<Place> partner, shared_.rendezvous.Meet(place_, digest, now));
    const Stay stay(shared_.rendezvous, place_);
    return partner ? JoinPartner(*partner) : AwaitPartner();
  }

  // The first of a pair: waits, says `joined`, hands its socket to the second's thread.
  absl::Status AwaitPartner() {
    const absl::Status waited = WaitForWake();
    const absl::StatusOr<bool> met = shared_.rendezvous.Met(place_);
    if (!met.ok()) return waited.ok() || base::ReasonOf(waited) == "TIMEOUT" ? met.status() : waited;
    absl::StatusOr<base::UniqueFd> clear = SayJoined();
    place_->Give(clear.ok() ? *std::move(clear) : base::UniqueFd());
    return clear.status();
  }

  // Until the partner came, the wait is over, or the dialler went away (it has nothing to say now).
  absl::Status WaitForWake() {
    const Deadline wait = Deadline::After(shared_.config.partner_wait);
    pollfd watched[] = {
        {connection_->fd(), POLLIN | POLLRDHUP, 0}, {place_->wake.fd(), POLLIN, 0}, {shared_.ending.fd(), POLLIN, 0}};
    while (true) {
      const int ready = ::poll(watched, 3, static_cast<int>(wait.Left().count()));
      if (ready < 0 && errno == EINTR) continue;
      if (ready == 0) return base::WithReason(base::Unavailable("nobody came"), "TIMEOUT");
      if (watched[1].revents != 0 || watched[2].revents != 0) return absl::OkStatus();
      return base::WithReason(base::Unavailable("the dialler went away while it waited"), "CONNECTION_LOST");
    }
  }

  // The second of a pair: says `joined`, takes the first's socket, pumps.
  absl::Status JoinPartner(Place& partner) {
    ASSIGN_OR_RETURN(const base::UniqueFd own, SayJoined());
    const base::UniqueFd other = partner.Take(kAdmissionTime);
    if (!other) return base::WithReason(base::Unavailable("the partner went away"), "CONNECTION_LOST");
    return Splice(own, other);
  }

  // Further to the next relay, which has the partner.
  absl::Status TakeOn(const wire::Join& join, const std::string& digest, base::Instant now) {
    RETURN_IF_ERROR(shared_.rendezvous.Enter(place_, digest, now));
    const Stay stay(shared_.rendezvous, place_);
    const wire::Ticket& ticket = place_->ticket;
    net::JoinRequest request;
    request.address = ticket.next_hop->address;
    request.relay_spki = ticket.next_hop->spki;
    request.join.ticket = join.next_ticket;
    request.join.leg = join.leg;
    request.join.attempt = join.attempt;
    request.dial.admit = [this](const net::SocketAddress& address) { return AdmitNextHop(address); };
    request.dial.prepare = [&](int fd) {
      KeepAlive(fd);
      PrepareWan(fd, ticket.bytes_per_second_max);
    };
    absl::StatusOr<base::UniqueFd> far =
        net::JoinRelay(shared_.key, request, Deadline::After(kNextHopTime, &place_->wake));
    if (!far.ok()) {
      const std::string reason = base::ReasonOf(far.status());
      // A refusal over there is passed on as it is; the line's trouble has a word of its own.
      if (reason != "CONNECTION_FAILED" && reason != "TIMEOUT" && reason != "NAME_UNRESOLVED") return far.status();
      return base::WithReason(base::Unavailable(base::ToStd(far.status().message())), wire::kNextHopUnreachable);
    }
    ASSIGN_OR_RETURN(const base::UniqueFd own, SayJoined());
    return Splice(own, *far);
  }

  absl::Status AdmitNextHop(const net::SocketAddress& address) const {
    const auto& ranges = shared_.config.next_hops;
    bool allowed = ranges.empty() && net::IsPublic(address);
    for (const net::AddressRange& range : ranges) allowed = allowed || range.Contains(address);
    if (allowed) return absl::OkStatus();
    return base::WithReason(
        base::PermissionDenied("this relay may not dial ", address.ToText(), "; see next_hops in its configuration"),
        wire::kNextHopNotAllowed);
  }

  absl::StatusOr<base::UniqueFd> SayJoined() {
    const Deadline deadline = Deadline::After(kAdmissionTime, &shared_.ending);
    RETURN_IF_ERROR(net::WriteAdmission(*connection_, wire::Joined{}, deadline));
    RETURN_IF_ERROR(connection_->CloseWrite(deadline));
    ASSIGN_OR_RETURN(base::UniqueFd clear, connection_->ToClear(deadline));
    connection_.reset();
    if (face_ == Face::kWan) PrepareWan(clear.get(), place_->ticket.bytes_per_second_max);
    return clear;
  }

  absl::Status Splice(const base::UniqueFd& own, const base::UniqueFd& other) {
    PumpCounts counts;
    LOG_INFO("leg joined", {{"leg", place_->leg}, {"try", place_->attempt}});
    const absl::Status status = Pump(own.get(), other.get(), place_->wake, &counts);
    LOG_INFO("leg ended", {{"leg", place_->leg},
                           {"try", place_->attempt},
                           {"bytes_forth", counts.bytes_forth},
                           {"bytes_back", counts.bytes_back},
                           {"reason", base::ReasonOf(status)}});
    return absl::OkStatus();
  }

  absl::Status Tended() {
    while (true) {
      const Deadline deadline = Deadline::After(kTendingSilence, &shared_.ending);
      ASSIGN_OR_RETURN(const wire::AdmissionMessage message, net::ReadAdmission(*connection_, deadline));
      const auto* bundles = std::get_if<wire::Bundles>(&message);
      if (bundles == nullptr) {
        return base::WithReason(base::PermissionDenied("a tending agent sends bundles"), wire::kAdmissionProtocol);
      }
      RETURN_IF_ERROR(net::WriteAdmission(*connection_, TakeBundles(*bundles), deadline));
    }
  }

  wire::Status TakeBundles(const wire::Bundles& bundles) {
    const base::Instant now = shared_.clock.Now();
    const uint64_t deny_before = shared_.bundles.deny_number();
    const absl::Status taken = shared_.bundles.Take(bundles.keys, bundles.deny, now);
    if (!taken.ok()) LOG_WARNING("a bundle was not taken", {{"error", taken.ToString()}});
    if (shared_.bundles.deny_number() != deny_before)
      shared_.rendezvous.CutIf([&](const std::string& spki) { return shared_.bundles.IsDenied(spki); });
    wire::Status status;
    status.joined = static_cast<uint32_t>(shared_.rendezvous.joined());
    status.waiting = static_cast<uint32_t>(shared_.rendezvous.waiting());
    status.draining = shared_.ending.IsSet();
    status.now = now;
    status.keys_number = shared_.bundles.keys_number();
    status.deny_number = shared_.bundles.deny_number();
    if (!taken.ok()) status.problem = base::StrCat(base::ReasonOf(taken), ": ", base::ToStd(taken.message()));
    return status;
  }

  const Shared& shared_;
  const net::SocketAddress peer_;
  const Face face_;
  std::unique_ptr<net::TlsConnection> connection_;
  std::shared_ptr<Place> place_;
};

}  // namespace

void Serve(const Shared& shared, base::UniqueFd connection, const net::SocketAddress& peer, Face face) {
  const absl::Status status = Session(shared, peer, face).Run(std::move(connection));
  if (status.ok()) return;
  LOG_INFO("connection turned away", {{"peer", peer.ToText()},
                                      {"face", face == Face::kLan ? "lan" : "wan"},
                                      {"reason", base::ReasonOf(status)},
                                      {"error", base::ToStd(status.message())}});
}

}  // namespace crossdock::relay
