// The configured asset databases, each with a duty of its own: one that is away must not delay the others.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/periodic.h"
#include "lib/pg/listener.h"
#include "orchestrator/intake/postgres/source.h"

namespace crossdock::orchestrator::intake {

// Add, Start and Stop from one thread; Reconcile from any, once all are added.
class PostgresSources {
 public:
  void Add(const std::string& name, const std::string& conninfo);
  engine::AssetDatabases databases() const;

  // Polls each at once, each `interval`, and whenever its outbox says that something is new. `context` outlives the
  // polling.
  void Start(const engine::Context& context, std::chrono::milliseconds interval);
  void Stop();
  // Of all, one after the other; ends with the first that fails.
  absl::Status Reconcile(const engine::Context& context, base::Instant now);

 private:
  std::vector<std::unique_ptr<PostgresSource>> sources_;
  std::vector<std::unique_ptr<base::PeriodicLoop>> polls_;
  std::vector<std::unique_ptr<pg::Listener>> listeners_;  // they wake the polls, so they end first
};

}  // namespace crossdock::orchestrator::intake
