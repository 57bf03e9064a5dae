// Tending: one connection to every relay of the own site, over which the signed bundles go in and its health comes out.
// A relay has no other way to hear of keys that were denied. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/core/host.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/net/tls_key.h"
#include "lib/trust/kinds.h"

namespace crossdock::agent {

class Tending {
 public:
  // `clock` outlives it.
  Tending(const net::TlsKey& key, const base::Clock& clock) : key_(key), clock_(clock) {}
  ~Tending();

  // The relays to look after from now on, verified by the caller, and what to hand them.
  void Set(const std::vector<trust::RelayStatement>& relays, const std::string& keys, const std::string& deny);
  std::vector<RelayStatus> Status() const;

 private:
  struct Charge {
    trust::RelayStatement relay;
    RelayStatus status;
    std::jthread thread;
  };
  // Gives those that are no longer wanted.
  std::vector<std::unique_ptr<Charge>> Replace(const std::vector<trust::RelayStatement>& relays,
                                               const std::string& keys, const std::string& deny);
  void Run(const trust::RelayStatement& relay, const std::stop_token& stop);
  // One connection, from dialling to its end.
  absl::Status Tend(const trust::RelayStatement& relay, const std::stop_token& stop);
  void Note(const std::string& relay, RelayStatus status);

  const net::TlsKey key_;
  const base::Clock& clock_;
  mutable base::Mutex mutex_;
  base::CondVar changed_;
  std::map<std::string, std::unique_ptr<Charge>> charges_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Charge>> retired_ ABSL_GUARDED_BY(mutex_);
  std::string keys_ ABSL_GUARDED_BY(mutex_);
  std::string deny_ ABSL_GUARDED_BY(mutex_);
  uint64_t version_ ABSL_GUARDED_BY(mutex_) = 0;  // rises with each Set
};

}  // namespace crossdock::agent
