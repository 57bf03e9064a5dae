#include "relay/server.h"

#include <poll.h>

#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::relay {

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const Config& config, const net::TlsKey& key, Bundles& bundles,
                                                      const base::Clock& clock) {
  ASSIGN_OR_RETURN(net::Listener lan, net::Listener::Listen(config.listen_lan));
  ASSIGN_OR_RETURN(net::Listener wan, net::Listener::Listen(config.listen_wan));
  return std::unique_ptr<Server>(new Server(config, key, bundles, clock, std::move(lan), std::move(wan)));
}

Server::Server(const Config& config, const net::TlsKey& key, Bundles& bundles, const base::Clock& clock,
               net::Listener lan, net::Listener wan)
    : config_(config), lan_(std::move(lan)), wan_(std::move(wan)), rendezvous_(RendezvousLimits{}), shared_{config,
                                                                                                            key,
                                                                                                            bundles,
                                                                                                            rendezvous_,
                                                                                                            clock,
                                                                                                            ending_} {
  acceptor_ = std::thread([this] { Accept(); });
}

Server::~Server() { Stop(); }

void Server::Stop() {
  if (!acceptor_.joinable()) return;
  closing_.Set();
  acceptor_.join();
  const base::Steady end = shared_.clock.MonotonicNow() + config_.drain;
  base::MutexLock lock(mutex_);
  while (rendezvous_.joined() > 0 && shared_.clock.MonotonicNow() < end)
    changed_.WaitFor(mutex_, std::chrono::milliseconds(200));
  ending_.Set();
  rendezvous_.CutAll();
  while (connections_ > 0) changed_.Wait(mutex_);
}

void Server::Accept() {
  pollfd watched[] = {{lan_.fd(), POLLIN, 0}, {wan_.fd(), POLLIN, 0}, {closing_.fd(), POLLIN, 0}};
  while (!closing_.IsSet()) {
    if (::poll(watched, 3, -1) <= 0) continue;
    if (watched[0].revents != 0) AcceptFrom(lan_, Face::kLan);
    if (watched[1].revents != 0) AcceptFrom(wan_, Face::kWan);
  }
}

void Server::AcceptFrom(net::Listener& listener, Face face) {
  net::Listener::Accepted accepted = listener.Accept();
  if (!accepted.fd) return;
  const std::string address = accepted.peer.AddressBytes();
  {
    base::MutexLock lock(mutex_);
    if (!Admits(address)) return;
    ++connections_;
    ++by_address_[address];
  }
  std::thread([this, face, address, fd = std::move(accepted.fd), peer = accepted.peer]() mutable {
    Serve(shared_, std::move(fd), peer, face);
    base::MutexLock lock(mutex_);
    --connections_;
    if (--by_address_[address] == 0) by_address_.erase(address);
    changed_.NotifyAll();
  }).detach();
}

bool Server::Admits(const std::string& address) {
  const auto found = by_address_.find(address);
  const int there = found == by_address_.end() ? 0 : found->second;
  return connections_ < config_.connections_max && there < config_.connections_per_address_max;
}

}  // namespace crossdock::relay
