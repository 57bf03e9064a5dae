#include "relay/server.h"

#include <poll.h>

#include <system_error>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/wire/relay_reason.h"
#include "relay/sockets.h"

namespace crossdock::relay {
namespace {

constexpr std::chrono::milliseconds kLogInterval = RefusalLog::kInterval;

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, const net::TlsKey& key, Bundles& bundles,
                                                      const base::Clock& clock) {
  ASSIGN_OR_RETURN(net::Listener lan, net::Listener::Listen(config.listen_lan));
  ASSIGN_OR_RETURN(net::Listener wan, net::Listener::Listen(config.listen_wan));
  return std::unique_ptr<Server>(new Server(config, key, bundles, clock, std::move(lan), std::move(wan)));
}

Server::Server(const Config& config, const net::TlsKey& key, Bundles& bundles, const base::Clock& clock,
               net::Listener lan, net::Listener wan)
    : config_(config),
      connections_max_(ConnectionsPossible(config.connections_max, config.half_open.total_max)),
      lan_(std::move(lan)),
      wan_(std::move(wan)),
      lan_port_(lan_->port()),
      wan_port_(wan_->port()),
      rendezvous_(RendezvousLimits{}),
      half_open_(config.half_open),
      shared_{config,    key,         net::TlsContext(key, net::TlsRole::kServer, net::TlsUse::kThenClear),
              bundles,   rendezvous_, half_open_,
              refusals_, tending_,    clock,
              closing_,  ending_} {
  if (!HasBbr())
    LOG_WARNING(
        "this host does not allow BBR; a long line with loss will be slow. As root: modprobe tcp_bbr, and "
        "sysctl net.ipv4.tcp_allowed_congestion_control with bbr in it");
  if (connections_max_ < config.connections_max)
    LOG_WARNING("too few descriptors for limits.connections; raise LimitNOFILE",
                {{"configured", config.connections_max}, {"taken", connections_max_}});
  acceptor_ = std::thread([this] { Accept(); });
}

Server::~Server() { Stop(); }

void Server::Stop() {
  if (!acceptor_.joinable()) return;
  closing_.Set();
  acceptor_.join();
  lan_.reset();
  wan_.reset();
  rendezvous_.Drain();
  const base::Steady end = shared_.clock.MonotonicNow() + config_.drain;
  {
    base::MutexLock lock(mutex_);
    while (rendezvous_.joined() > 0 && shared_.clock.MonotonicNow() < end)
      changed_.WaitFor(mutex_, std::chrono::milliseconds(200));
  }
  ending_.Set();
  rendezvous_.CutAll();
  sessions_.JoinAll();
}

void Server::Accept() {
  pollfd watched[] = {{lan_->fd(), POLLIN, 0}, {wan_->fd(), POLLIN, 0}, {closing_.fd(), POLLIN, 0}};
  while (!closing_.IsSet()) {
    // Wakes each second for what the log still owes.
    const int ready = ::poll(watched, 3, static_cast<int>(kLogInterval.count()));
    while (const auto line = refusals_.Due(shared_.clock.MonotonicNow())) LogRefusal(*line);
    if (ready <= 0) continue;
    if (watched[0].revents != 0) AcceptFrom(*lan_, Face::kLan);
    if (watched[1].revents != 0) AcceptFrom(*wan_, Face::kWan);
  }
}

void Server::AcceptFrom(net::Listener& listener, Face face) {
  net::Listener::Accepted accepted = listener.Accept();
  if (!accepted.fd) return;
  const std::string address = accepted.peer.AddressBytes();
  bool admitted = false;
  {
    base::MutexLock lock(mutex_);
    admitted = Admits(address);
    if (admitted) {
      ++connections_;
      ++by_address_[address];
    }
  }
  if (admitted) return Launch(std::move(accepted.fd), accepted.peer, face);
  Drop(wire::kRelayFull, accepted.peer, "at the limit of connections, of all or of this address");
}

void Server::Drop(std::string_view reason, const net::SocketAddress& peer, std::string error) {
  const auto line = refusals_.Take(reason, peer.ToText(), std::move(error), shared_.clock.MonotonicNow());
  if (line) LogRefusal(*line);
}

void Server::Launch(base::UniqueFd fd, const net::SocketAddress& peer, Face face) {
  const std::string address = peer.AddressBytes();
  const uint64_t id = ++last_id_;
  if (!half_open_.Enter(id, address, fd.get())) {
    Drop("DESCRIPTOR_MISSING", peer, "no descriptor left for a connection; raise LimitNOFILE");
    return Ended(address);
  }
  try {
    sessions_.Start([this, face, address, id, fd = std::move(fd), peer]() mutable {
      Serve(shared_, std::move(fd), id, peer, face);
      Ended(address);
    });
  } catch (const std::system_error& error) {
    Drop("THREAD_MISSING", peer, base::StrCat("no thread for a connection; raise TasksMax: ", error.what()));
    half_open_.Leave(id);
    Ended(address);
  }
}

void Server::Ended(const std::string& address) {
  base::MutexLock lock(mutex_);
  --connections_;
  if (--by_address_[address] == 0) by_address_.erase(address);
  changed_.NotifyAll();
}

bool Server::Admits(const std::string& address) const {
  const auto found = by_address_.find(address);
  const int there = found == by_address_.end() ? 0 : found->second;
  return connections_ < connections_max_ && there < config_.connections_per_address_max;
}

}  // namespace crossdock::relay
