#include "lib/net/dial.h"

#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>

#include "lib/base/status.h"

namespace crossdock::net {
namespace {

absl::Status Failed(int error, const SocketAddress& address) {
  return base::WithReason(base::Unavailable(base::Errno(error, "connecting to ", address.ToText()).message()),
                          "CONNECTION_FAILED");
}

absl::StatusOr<base::UniqueFd> DialOne(const SocketAddress& address, const Deadline& deadline,
                                       const DialOptions& options) {
  base::UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::Errno(errno, "making a socket for ", address.ToText());
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (options.prepare) options.prepare(fd.get());
  if (::connect(fd.get(), address.get(), address.size()) != 0) {
    if (errno != EINPROGRESS) return Failed(errno, address);
    if (absl::Status waited = WaitFor(fd.get(), POLLOUT, deadline); !waited.ok()) {
      return base::Annotate(waited, base::StrCat("connecting to ", address.ToText()));
    }
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return Failed(error, address);
  }
  return fd;
}

}  // namespace

absl::StatusOr<base::UniqueFd> Dial(std::string_view address, const Deadline& deadline, const DialOptions& options) {
  ASSIGN_OR_RETURN(const HostPort where, HostPort::Parse(address));
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> found, Resolve(where));
  absl::Status refused;
  absl::Status failed;
  for (const SocketAddress& one : found) {
    if (options.admit) {
      if (absl::Status admitted = options.admit(one); !admitted.ok()) {
        refused = std::move(admitted);
        continue;
      }
    }
    absl::StatusOr<base::UniqueFd> fd = DialOne(one, deadline, options);
    if (fd.ok()) return fd;
    failed = fd.status();
    if (deadline.Left().count() == 0 || failed.code() == absl::StatusCode::kCancelled) break;
  }
  return failed.ok() ? refused : failed;
}

}  // namespace crossdock::net
