#include "lib/net/listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "lib/base/status.h"

namespace crossdock::net {
namespace {

constexpr int kBacklog = 1024;

base::UniqueFd Spare() { return base::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<Listener> Listener::Listen(std::string_view address) {
  ASSIGN_OR_RETURN(const HostPort where, HostPort::Parse(address));
  ASSIGN_OR_RETURN(const std::vector<SocketAddress> found, Resolve(where));
  const SocketAddress& first = found.front();
  base::UniqueFd fd(::socket(first.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::Errno(errno, "making a socket for ", address);
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), first.get(), first.size()) != 0) return base::Errno(errno, "binding ", address);
  if (::listen(fd.get(), kBacklog) != 0) return base::Errno(errno, "listening on ", address);
  return Listener(std::move(fd), Spare());
}

Listener::Accepted Listener::Accept() {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  base::UniqueFd fd(::accept4(listener_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd && (errno == EMFILE || errno == ENFILE)) {
    spare_ = base::UniqueFd();
    base::UniqueFd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    spare_ = Spare();
    return {};
  }
  if (!fd) return {};
  return {std::move(fd), SocketAddress(address, size)};
}

}  // namespace crossdock::net
