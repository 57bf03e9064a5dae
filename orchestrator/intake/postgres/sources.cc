#include "orchestrator/intake/postgres/sources.h"

#include "lib/base/status.h"

namespace crossdock::orchestrator::intake {

void PostgresSources::Add(const std::string& name, const std::string& conninfo) {
  sources_.push_back(std::make_unique<PostgresSource>(name, conninfo));
}

engine::AssetDatabases PostgresSources::databases() const {
  engine::AssetDatabases databases;
  for (const auto& source : sources_) databases.push_back(source.get());
  return databases;
}

void PostgresSources::Start(const engine::Context& context, std::chrono::milliseconds interval) {
  for (const auto& each : sources_) {
    PostgresSource* const source = each.get();
    polls_.push_back(std::make_unique<base::PeriodicLoop>(
        "poll " + source->name(), interval, context.clock,
        [&context, source](base::Instant now) { return source->Poll(context, now); }));
    base::PeriodicLoop* const poll = polls_.back().get();
    listeners_.push_back(std::make_unique<pg::Listener>(source->conninfo(),
                                                        std::vector<std::string>{"crossdock_outbox"},
                                                        [poll](const std::string&) { poll->Wake(); }));
  }
}

void PostgresSources::Stop() {
  listeners_.clear();
  polls_.clear();
}

absl::Status PostgresSources::Reconcile(const engine::Context& context, base::Instant now) {
  for (const auto& source : sources_) RETURN_IF_ERROR(source->Reconcile(context, now));
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::intake
