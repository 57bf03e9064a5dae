#include "lib/net/tls_connection.h"

#include <poll.h>

#include <utility>

#include "lib/base/status.h"

namespace crossdock::net {
namespace {

short EventsOf(TlsStep step) { return step == TlsStep::kWantRead ? POLLIN : POLLOUT; }

}  // namespace

absl::StatusOr<std::unique_ptr<TlsConnection>> TlsConnection::Handshake(const TlsContext& context, base::UniqueFd fd,
                                                                        std::string expected_spki,
                                                                        const Deadline& deadline) {
  std::unique_ptr<TlsConnection> connection(
      new TlsConnection(TlsSession(context, std::move(fd), std::move(expected_spki))));
  while (true) {
    ASSIGN_OR_RETURN(const TlsStep step, connection->session_.Handshake());
    if (step == TlsStep::kDone) return connection;
    RETURN_IF_ERROR(WaitFor(connection->fd(), EventsOf(step), deadline));
  }
}

absl::StatusOr<size_t> TlsConnection::Read(std::span<char> out, const Deadline& deadline) {
  RETURN_IF_ERROR(failure_);
  while (true) {
    ASSIGN_OR_RETURN(const TlsResult result, session_.Read(out));
    if (result.step == TlsStep::kDone) return result.size == 0 ? 0 : result.size + ReadOn(out.subspan(result.size));
    RETURN_IF_ERROR(WaitFor(fd(), EventsOf(result.step), deadline));
  }
}

size_t TlsConnection::ReadOn(std::span<char> out) {
  size_t taken = 0;
  while (taken < out.size() && session_.HasPending()) {
    const auto result = session_.Read(out.subspan(taken));
    failure_ = result.status();
    if (!result.ok() || result->size == 0) break;
    taken += result->size;
  }
  return taken;
}

absl::Status TlsConnection::ReadFull(std::span<char> out, const Deadline& deadline) {
  while (!out.empty()) {
    ASSIGN_OR_RETURN(const size_t size, Read(out, deadline));
    if (size == 0) return base::WithReason(base::Unavailable("the peer ended in the middle"), "CONNECTION_LOST");
    out = out.subspan(size);
  }
  return absl::OkStatus();
}

absl::Status TlsConnection::Write(std::string_view bytes, const Deadline& deadline) {
  while (!bytes.empty()) {
    ASSIGN_OR_RETURN(const TlsResult result, session_.Write(bytes));
    if (result.step == TlsStep::kDone) {
      bytes.remove_prefix(result.size);
    } else {
      RETURN_IF_ERROR(WaitFor(fd(), EventsOf(result.step), deadline));
    }
  }
  return absl::OkStatus();
}

absl::Status TlsConnection::CloseWrite(const Deadline& deadline) {
  while (true) {
    ASSIGN_OR_RETURN(const TlsStep step, session_.SendCloseNotify());
    if (step == TlsStep::kDone) return absl::OkStatus();
    RETURN_IF_ERROR(WaitFor(fd(), EventsOf(step), deadline));
  }
}

absl::StatusOr<base::UniqueFd> TlsConnection::ToClear(const Deadline& deadline) {
  char one = 0;
  ASSIGN_OR_RETURN(const size_t size, Read({&one, 1}, deadline));
  if (size != 0) return base::WithReason(base::Unavailable("the peer goes on where TLS should end"), "TLS_FAILED");
  return session_.ReleaseClear();
}

}  // namespace crossdock::net
