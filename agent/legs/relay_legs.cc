#include "agent/legs/relay_legs.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <atomic>
#include <span>
#include <utility>

#include "lib/base/status.h"
#include "lib/net/admission.h"
#include "lib/net/keep_alive.h"
#include "lib/net/tls_connection.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using net::Deadline;
using std::chrono::milliseconds;
using wire::Reason;

// Longer than a relay keeps a leg waiting for its partner.
constexpr milliseconds kJoinTime{80'000};
constexpr milliseconds kHandshakeTime{30'000};
// The control leg speaks each few seconds; a data leg may have nothing to say for as long as its attempt lives.
constexpr milliseconds kControlSilence{35'000};
constexpr milliseconds kDataSilence{3'600'000};

absl::Status Lost(const absl::Status& status) {
  return wire::Fail(Reason::kPeerLost, base::ToStd(status.message()), " (", base::ReasonOf(status), ")");
}

absl::Status Aborted() { return wire::Fail(Reason::kPeerLost, "the leg was given up here"); }

class TlsStream : public ByteStream {
 public:
  TlsStream(std::unique_ptr<net::TlsConnection> connection, std::unique_ptr<net::Interrupt> interrupt,
            milliseconds silence)
      : interrupt_(std::move(interrupt)), connection_(std::move(connection)), silence_(silence) {}

  absl::StatusOr<size_t> Read(char* bytes, size_t size) override {
    if (aborted_) return Aborted();
    auto got = connection_->Read(std::span<char>(bytes, size), Deadline::After(silence_, interrupt_.get()));
    if (!got.ok()) return Lost(got.status());
    return got;
  }
  absl::Status Write(std::string_view bytes) override {
    if (aborted_) return Aborted();
    const absl::Status status = connection_->Write(bytes, Deadline::After(silence_, interrupt_.get()));
    return status.ok() ? status : Lost(status);
  }
  absl::Status CloseWrite() override {
    if (aborted_) return Aborted();
    const absl::Status status = connection_->CloseWrite(Deadline::After(kHandshakeTime, interrupt_.get()));
    // Half-closes the socket too, for the relays between.
    ::shutdown(connection_->fd(), SHUT_WR);
    return status.ok() ? status : Lost(status);
  }
  void Abort() override {
    aborted_ = true;
    interrupt_->Set();
  }
  bool HasBuffered() const override { return connection_->HasPending(); }
  int fd() const override { return connection_->fd(); }

 private:
  // The interrupt ends what waits; a call that need not wait never looks at it.
  std::atomic<bool> aborted_ = false;
  const std::unique_ptr<net::Interrupt> interrupt_;
  const std::unique_ptr<net::TlsConnection> connection_;
  const milliseconds silence_;
};

bool IsLine(const std::string& reason) {
  return reason == "CONNECTION_FAILED" || reason == "CONNECTION_LOST" || reason == "TIMEOUT" ||
         reason == "NAME_UNRESOLVED" || reason == "TLS_FAILED" || reason == "INTERRUPTED";
}

absl::Status Unreachable(const absl::Status& status, std::string_view what) {
  if (!IsLine(base::ReasonOf(status))) return status;
  return wire::Fail(Reason::kPeerUnreachable, what, ": ", base::ToStd(status.message()));
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteStream>> RelayLegs::Dial(uint16_t leg, uint16_t attempt, std::stop_token stop) {
  const Way way = way_();
  auto interrupt = std::make_unique<net::Interrupt>();
  // Not by the name of the pointer, which is empty while the stream that took it over is being returned.
  const std::stop_callback stopped(stop, [set = interrupt.get()] { set->Set(); });
  net::JoinRequest request;
  request.address = way.relay_address;
  request.relay_spki = way.relay_spki;
  request.join.ticket = way.ticket;
  request.join.next_ticket = way.next_ticket;
  request.join.leg = leg;
  request.join.attempt = attempt;
  // A data leg may be silent for long; a relay's host that went down must be noticed all the same.
  request.dial.prepare = net::KeepAlive;
  absl::StatusOr<base::UniqueFd> clear = net::JoinRelay(key_, request, Deadline::After(kJoinTime, interrupt.get()));
  if (!clear.ok()) return Unreachable(clear.status(), "the own relay");
  const net::TlsContext context(key_, way.sender ? net::TlsRole::kClient : net::TlsRole::kServer, net::TlsUse::kBulk);
  auto connection = net::TlsConnection::Handshake(context, *std::move(clear), way.peer_spki,
                                                  Deadline::After(kHandshakeTime, interrupt.get()));
  if (!connection.ok()) return Unreachable(connection.status(), "the agent at the other end");
  return std::make_unique<TlsStream>(*std::move(connection), std::move(interrupt),
                                     leg == 0 ? kControlSilence : kDataSilence);
}

}  // namespace crossdock::agent
