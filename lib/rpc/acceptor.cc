#include "lib/rpc/acceptor.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/check.h"
#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::rpc {
namespace {

constexpr int kBacklog = 512;
// How long the loop rests when descriptors are out and not even the spare one came back.
constexpr int kExhaustedWaitMilliseconds = 50;

// The inode of a socket's descriptor; 0 when the number is free.
uint64_t InodeOf(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? info.st_ino : 0;
}

// What one caller is counted under: its IPv4 address, or its IPv6 /64.
std::string CountedAddress(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    return {reinterpret_cast<const char*>(&v4.sin_addr), sizeof(v4.sin_addr)};
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
  const char* bytes = reinterpret_cast<const char*>(&v6.sin6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) return {bytes + 12, 4};
  return {bytes, 8};
}

absl::Status SplitAddress(std::string_view address, std::string* host, std::string* port) {
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == address.size()) {
    return base::InvalidArgument("address '", address, "' has no port: write host:port");
  }
  *port = std::string(address.substr(colon + 1));
  std::string_view name = address.substr(0, colon);
  if (name.size() >= 2 && name.front() == '[' && name.back() == ']') name = name.substr(1, name.size() - 2);
  *host = std::string(name);
  return absl::OkStatus();
}

absl::StatusOr<base::UniqueFd> Bind(std::string_view address) {
  std::string host, port;
  RETURN_IF_ERROR(SplitAddress(address, &host, &port));
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &hints, &found);
      error != 0) {
    return base::InvalidArgument("address '", address, "': ", ::gai_strerror(error));
  }
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  base::UniqueFd fd(::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return base::Errno(errno, "making a socket for '", address, "'");
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(fd.get(), found->ai_addr, found->ai_addrlen) != 0) return base::Errno(errno, "binding '", address, "'");
  if (::listen(fd.get(), kBacklog) != 0) return base::Errno(errno, "listening on '", address, "'");
  return fd;
}

int PortOf(int fd) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(name).sin6_port
                                          : reinterpret_cast<sockaddr_in&>(name).sin_port);
}

base::UniqueFd OpenSpare() { return base::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(std::string_view address, AcceptorLimits limits) {
  ASSIGN_OR_RETURN(base::UniqueFd listener, Bind(address));
  base::UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  base::UniqueFd spare = OpenSpare();
  if (!stop || !spare) return base::Errno(errno, "listening on '", address, "'");
  // The other half stays for the database, files and outgoing connections.
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0 && descriptors.rlim_cur / 2 < 1u << 30) {
    limits.connections_max = std::min(limits.connections_max, static_cast<int>(descriptors.rlim_cur / 2));
  }
  const int port = PortOf(listener.get());
  return std::unique_ptr<Acceptor>(new Acceptor(std::move(listener), port, limits, std::move(stop), std::move(spare)));
}

Acceptor::Acceptor(base::UniqueFd listener, int port, AcceptorLimits limits, base::UniqueFd stop, base::UniqueFd spare)
    : listener_(std::move(listener)), port_(port), limits_(limits), stop_(std::move(stop)), spare_(std::move(spare)) {}

Acceptor::~Acceptor() { Stop(); }

void Acceptor::Start(Sink sink) {
  INVARIANT(!thread_.joinable()) << "started twice";
  sink_ = std::move(sink);
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof(one));
    thread_.join();
  }
  listener_.Reset();
}

void Acceptor::Run() {
  pollfd watched[] = {{stop_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
  while (true) {
    // While descriptors are out the listener stays readable: rest instead of spinning on it.
    const bool resting = !spare_;
    const int ready = ::poll(watched, resting ? 1 : 2, resting ? kExhaustedWaitMilliseconds : -1);
    if (ready < 0 && errno != EINTR) LOG_ERROR("polling a listener failed", {{"errno", errno}});
    if (watched[0].revents != 0) return;
    if (!spare_) spare_ = OpenSpare();
    if (spare_ && ready >= 0) AcceptAll();
  }
}

void Acceptor::AcceptAll() {
  while (true) {
    sockaddr_storage peer{};
    socklen_t size = sizeof(peer);
    base::UniqueFd connection(
        ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection) {
      if (errno == ECONNABORTED || errno == EINTR || errno == EPROTO) continue;
      if ((errno == EMFILE || errno == ENFILE) && TurnOneAway()) continue;
      return;
    }
    if (exhausted_) {
      exhausted_ = false;
      LOG_INFO("descriptors are free again", {{"port", port_}});
    }
    const std::string address = CountedAddress(peer);
    if (!Admits(address)) continue;  // closes it
    const int on = 1;
    ::setsockopt(connection.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    Remember(address, connection.get());
    sink_(std::move(connection));
  }
}

bool Acceptor::Admits(const std::string& address) {
  const auto mine = connections_.find(address);
  if (mine != connections_.end() && static_cast<int>(mine->second.size()) >= limits_.connections_per_address_max) {
    Sweep(mine->second);
    if (static_cast<int>(mine->second.size()) >= limits_.connections_per_address_max) return false;
  }
  if (count_ < limits_.connections_max) return true;
  for (auto it = connections_.begin(); it != connections_.end();) {
    Sweep(it->second);
    it = it->second.empty() ? connections_.erase(it) : std::next(it);
  }
  return count_ < limits_.connections_max;
}

void Acceptor::Remember(const std::string& address, int fd) {
  connections_[address].push_back({fd, InodeOf(fd)});
  ++count_;
}

void Acceptor::Sweep(std::vector<Connection>& connections) {
  count_ -= static_cast<int>(
      std::erase_if(connections, [](const Connection& known) { return InodeOf(known.fd) != known.inode; }));
}

bool Acceptor::TurnOneAway() {
  if (!exhausted_) {
    exhausted_ = true;
    LOG_WARNING("out of descriptors: callers are turned away; raise LimitNOFILE", {{"port", port_}});
  }
  spare_.Reset();
  base::UniqueFd unlucky(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  unlucky.Reset();
  spare_ = OpenSpare();
  return static_cast<bool>(spare_);
}

}  // namespace crossdock::rpc
