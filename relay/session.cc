#include "relay/session.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <exception>
#include <utility>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/status.h"
#include "lib/net/admission.h"
#include "lib/net/keep_alive.h"
#include "lib/net/tls_connection.h"
#include "lib/wire/relay_reason.h"
#include "relay/busy.h"
#include "relay/judge.h"
#include "relay/pump.h"
#include "relay/sockets.h"

namespace crossdock::relay {
namespace {

using net::Deadline;
using std::chrono::milliseconds;

constexpr milliseconds kAdmissionTime{10'000};
constexpr milliseconds kNextHopTime{75'000};
// A tending agent speaks each few seconds.
constexpr milliseconds kTendingSilence{60'000};

// More than any site has agents; only one of them needs to come through.
constexpr int kTendingMax = 64;
// What a refused dialler may still have under way.
constexpr size_t kLeftoversMax = 64u << 10;

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
  Session(const Shared& shared, uint64_t id, Face face) : shared_(shared), id_(id), face_(face) {}

  absl::Status Run(base::UniqueFd fd) {
    net::KeepAlive(fd.get());
    const Deadline deadline = Deadline::After(shared_.config.admission, &shared_.ending);
    ASSIGN_OR_RETURN(connection_, net::TlsConnection::Handshake(shared_.context, std::move(fd), "", deadline));
    absl::Status status = Hear(deadline);
    if (!status.ok() && base::ReasonOf(status) == "TIMEOUT") {
      status = base::WithReason(base::Unavailable("admission took too long"), wire::kAdmissionTimeout);
    }
    if (!status.ok() && base::ReasonOf(status) == "INTERRUPTED") {
      status = base::WithReason(base::Unavailable("the relay is ending"), wire::kRelayDraining);
    }
    if (!status.ok()) TurnAway(status);
    return status;
  }

 private:
  absl::Status Hear(const Deadline& deadline) {
    ASSIGN_OR_RETURN(const wire::AdmissionMessage first, net::ReadAdmission(*connection_, deadline));
    if (const auto* join = std::get_if<wire::Join>(&first)) return TakeJoin(*join, deadline);
    if (std::holds_alternative<wire::Tend>(first) && face_ == Face::kLan) return Tended();
    return base::WithReason(base::PermissionDenied("a relay takes joins, and tending on its inner side"),
                            wire::kAdmissionProtocol);
  }

  // Best effort; nothing when the way is clear already.
  void TurnAway(const absl::Status& status) {
    if (!connection_) return;
    const Deadline deadline = Deadline::After(milliseconds(2'000), &shared_.ending);
    const wire::Refused refused{base::ReasonOf(status), std::string(base::ToStd(status.message()))};
    if (!net::WriteAdmission(*connection_, refused, deadline).ok()) return;
    if (!connection_->CloseWrite(deadline).ok()) return;
    // What it sent meanwhile is read away: closing over unread bytes resets the connection, and the reason with it.
    std::array<char, 4096> leftovers{};
    for (size_t sum = 0; sum < kLeftoversMax;) {
      const absl::StatusOr<size_t> size = connection_->Read(leftovers, deadline);
      if (!size.ok() || *size == 0) return;
      sum += *size;
    }
  }

  absl::Status TakeJoin(const wire::Join& join, const Deadline& deadline) {
    const base::Instant now = shared_.clock.Now();
    ASSIGN_OR_RETURN(const wire::Ticket ticket,
                     Judge(join, connection_->peer_spki(), shared_.key.spki(), shared_.bundles, now));
    // The dialler's farewell is on its way; nothing may follow it until `joined`.
    char one = 0;
    ASSIGN_OR_RETURN(const size_t more, connection_->Read({&one, 1}, deadline));
    if (more != 0) return base::WithReason(base::PermissionDenied("bytes after the join"), wire::kAdmissionProtocol);
    shared_.half_open.Leave(id_);
    place_ = std::make_shared<Place>(ticket, join.leg, join.attempt);
    const std::string digest = base::ToHex(base::Sha256(join.ticket));
    if (ticket.next_hop) return TakeOn(join, digest, now);
    ASSIGN_OR_RETURN(const std::shared_ptr<Place> partner, shared_.rendezvous.Meet(place_, digest, now));
    const Stay stay(shared_.rendezvous, place_);
    RETURN_IF_ERROR(CheckNotDenied(ticket, shared_.bundles));
    return partner ? JoinPartner(*partner) : AwaitPartner();
  }

  // The first of a pair: waits, says `joined`, hands its socket to the second's thread.
  absl::Status AwaitPartner() {
    const absl::Status waited = WaitForWake();
    const absl::Status met = shared_.rendezvous.Met(place_);
    if (!met.ok()) return waited.ok() || base::ReasonOf(waited) == "TIMEOUT" ? met : waited;
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
    RETURN_IF_ERROR(CheckNotDenied(ticket, shared_.bundles));
    net::JoinRequest request;
    request.address = ticket.next_hop->address;
    request.relay_spki = ticket.next_hop->spki;
    request.join.ticket = join.next_ticket;
    request.join.leg = join.leg;
    request.join.attempt = join.attempt;
    request.dial.admit = [this](const net::SocketAddress& address) { return AdmitNextHop(address); };
    request.dial.prepare = [&](int fd) {
      net::KeepAlive(fd);
      PrepareWan(fd, ticket.bytes_per_second_max);
    };
    absl::StatusOr<base::UniqueFd> far =
        net::JoinRelay(shared_.key, request, Deadline::After(kNextHopTime, &place_->wake));
    if (!far.ok()) {
      const std::string reason = base::ReasonOf(far.status());
      if (reason == "INTERRUPTED") {
        return base::WithReason(base::Unavailable("ended while it dialled on"), shared_.rendezvous.EndedBy(*place_));
      }
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
    // Random, the same at all relays of a transfer; enough of it to tell the lines of one apart from others'.
    const std::string rendezvous = base::ToHex(place_->ticket.rendezvous).substr(0, 8);
    LOG_INFO("leg joined", {{"rendezvous", rendezvous}, {"leg", place_->leg}, {"try", place_->attempt}});
    const PumpOptions options = OptionsFor(place_->leg == 0, place_->ticket.side == wire::Side::kSender,
                                           shared_.rendezvous.joined(), shared_.config.idle_max);
    // The handshakes were the most that this thread needs; it may go on for hours now.
    base::GiveMemoryBack();
    const absl::Status status = Pump(own.get(), other.get(), options, place_->wake, &counts);
    const std::string reason = base::ReasonOf(status);
    LOG_INFO("leg ended", {{"rendezvous", rendezvous},
                           {"leg", place_->leg},
                           {"try", place_->attempt},
                           {"bytes_forth", counts.bytes_forth},
                           {"bytes_back", counts.bytes_back},
                           {"reason", reason == "CUT" ? shared_.rendezvous.EndedBy(*place_) : reason}});
    return absl::OkStatus();
  }

  absl::Status Tended() {
    struct Count {
      explicit Count(std::atomic<int>& of) : of_(of), value(++of) {}
      ~Count() { --of_; }
      std::atomic<int>& of_;
      const int value;
    };
    const Count count(shared_.tending);
    if (count.value > kTendingMax) {
      return base::WithReason(base::Unavailable("enough agents tend this relay"), wire::kRelayFull);
    }
    shared_.half_open.Leave(id_);
    BusyMeter busy(ProcessorTime(), shared_.clock.MonotonicNow());
    while (true) {
      const Deadline deadline = Deadline::After(kTendingSilence, &shared_.ending);
      ASSIGN_OR_RETURN(const wire::AdmissionMessage message, net::ReadAdmission(*connection_, deadline));
      const auto* bundles = std::get_if<wire::Bundles>(&message);
      if (bundles == nullptr) {
        return base::WithReason(base::PermissionDenied("a tending agent sends bundles"), wire::kAdmissionProtocol);
      }
      RETURN_IF_ERROR(net::WriteAdmission(*connection_, TakeBundles(*bundles, busy), deadline));
    }
  }

  wire::Status TakeBundles(const wire::Bundles& bundles, BusyMeter& busy) {
    const base::Instant now = shared_.clock.Now();
    const uint64_t deny_before = shared_.bundles.deny_number();
    const absl::Status taken = shared_.bundles.Take(bundles.keys, bundles.deny, now);
    if (!taken.ok() && taken.message() != problem_)
      LOG_WARNING("a bundle was not taken", {{"error", taken.ToString()}});
    problem_ = base::ToStd(taken.message());
    if (shared_.bundles.deny_number() != deny_before)
      shared_.rendezvous.CutDenied([&](const std::string& spki) { return shared_.bundles.IsDenied(spki); });
    wire::Status status;
    status.joined = static_cast<uint32_t>(shared_.rendezvous.joined());
    status.waiting = static_cast<uint32_t>(shared_.rendezvous.waiting());
    status.draining = shared_.closing.IsSet();
    status.busy_per_mille = busy.PerMille(ProcessorTime(), Processors(), shared_.clock.MonotonicNow());
    status.now = now;
    status.keys_number = shared_.bundles.keys_number();
    status.deny_number = shared_.bundles.deny_number();
    if (!taken.ok()) status.problem = base::StrCat(base::ReasonOf(taken), ": ", base::ToStd(taken.message()));
    return status;
  }

  const Shared& shared_;
  const uint64_t id_;
  const Face face_;
  std::string problem_;  // told of the last bundles, so that it is logged once
  std::unique_ptr<net::TlsConnection> connection_;
  std::shared_ptr<Place> place_;
};

}  // namespace

void LogRefusal(const RefusalLog::Line& line) {
  LOG_INFO("connection turned away",
           {{"reason", line.reason}, {"peer", line.peer}, {"error", line.error}, {"count", line.count}});
}

void Serve(const Shared& shared, base::UniqueFd connection, uint64_t id, const net::SocketAddress& peer, Face face) {
  absl::Status status;
  try {
    status = Session(shared, id, face).Run(std::move(connection));
  } catch (const std::exception& error) {  // out of memory: this connection's end, not the relay's
    status = base::WithReason(base::Error(absl::StatusCode::kResourceExhausted, error.what()), wire::kRelayFull);
  }
  shared.half_open.Leave(id);
  if (status.ok()) return;
  const std::string_view side = face == Face::kLan ? " (lan)" : " (wan)";
  const auto line = shared.refusals.Take(base::ReasonOf(status), base::StrCat(peer.ToText(), side),
                                         std::string(base::ToStd(status.message())), shared.clock.MonotonicNow());
  if (line) LogRefusal(*line);
}

}  // namespace crossdock::relay
