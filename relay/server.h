// Accepts on both faces and gives each connection a thread of its own, inside limits.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "lib/base/crew.h"
#include "lib/base/mutex.h"
#include "lib/net/listener.h"
#include "relay/session.h"

namespace crossdock::relay {

// Start and Stop from one thread.
class Server {
 public:
  // Listens at once; a taken port stops the start. Takes fewer connections than configured when the process may not
  // open enough descriptors, and says so in the log. Everything outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config, const net::TlsKey& key, Bundles& bundles,
                                                       const base::Clock& clock);
  ~Server();
  uint16_t lan_port() const { return lan_port_; }
  uint16_t wan_port() const { return wan_port_; }
  // No new joins, and the ports are closed; pairs may end by themselves for config.drain, then they are cut.
  // Idempotent.
  void Stop();

 private:
  Server(const Config& config, const net::TlsKey& key, Bundles& bundles, const base::Clock& clock, net::Listener lan,
         net::Listener wan);
  void Accept();
  void AcceptFrom(net::Listener& listener, Face face);
  // What becomes of a caller whom it has no room for.
  void Drop(std::string_view reason, const net::SocketAddress& peer, std::string error);
  void Launch(base::UniqueFd fd, const net::SocketAddress& peer, Face face);
  void Ended(const std::string& address);
  bool Admits(const std::string& address) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Config& config_;
  const int connections_max_;
  std::optional<net::Listener> lan_;
  std::optional<net::Listener> wan_;
  const uint16_t lan_port_;
  const uint16_t wan_port_;
  net::Interrupt closing_;  // accepting ends
  net::Interrupt ending_;   // everything ends
  Rendezvous rendezvous_;
  HalfOpen half_open_;
  RefusalLog refusals_;
  std::atomic<int> tending_{0};
  const Shared shared_;
  base::Mutex mutex_;
  base::CondVar changed_;
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> by_address_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_id_ = 0;  // of the acceptor alone
  base::Crew sessions_;   // one thread a connection
  std::thread acceptor_;
};

}  // namespace crossdock::relay
