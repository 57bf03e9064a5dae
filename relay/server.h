// Accepts on both faces and gives each connection a thread of its own, inside limits.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "lib/base/mutex.h"
#include "lib/net/listener.h"
#include "relay/session.h"

namespace crossdock::relay {

// Start and Stop from one thread.
class Server {
 public:
  // Listens at once; a taken port stops the start. Everything outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const Config& config, const net::TlsKey& key, Bundles& bundles,
                                                       const base::Clock& clock);
  ~Server();
  uint16_t lan_port() const { return lan_.port(); }
  uint16_t wan_port() const { return wan_.port(); }
  // No new joins; pairs may end by themselves for config.drain, then they are cut. Idempotent.
  void Stop();

 private:
  Server(const Config& config, const net::TlsKey& key, Bundles& bundles, const base::Clock& clock, net::Listener lan,
         net::Listener wan);
  void Accept();
  void AcceptFrom(net::Listener& listener, Face face);
  bool Admits(const std::string& address) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Config& config_;
  net::Listener lan_;
  net::Listener wan_;
  net::Interrupt closing_;  // accepting ends
  net::Interrupt ending_;   // everything ends
  Rendezvous rendezvous_;
  const Shared shared_;
  base::Mutex mutex_;
  base::CondVar changed_;
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, int> by_address_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace crossdock::relay
