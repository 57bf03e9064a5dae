// An in-house asset database on PostgreSQL, through the contract in deploy/asset_db: an outbox that the studio fills in
// its own transaction, and three functions that the studio writes.
//
// Reading: by (xid, id) below the snapshot's xmin, so that no row of a slow transaction is skipped. The position
// belongs to one life of one cluster: when the system identifier or the timeline changes, or the server's snapshot lies
// below the position, it is worth nothing, and reading starts from the oldest row; the inbox knows what it has.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "orchestrator/engine/asset_database.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/engine/intake.h"

namespace crossdock::orchestrator::intake {

class PostgresSource : public engine::AssetDatabase {
 public:
  // `conninfo` as libpq takes it, without a password in it.
  PostgresSource(std::string name, std::string conninfo);

  const std::string& name() const override { return name_; }
  const std::string& conninfo() const { return database_.conninfo(); }
  absl::StatusOr<std::optional<Entity>> Read(std::string_view type, std::string_view id) override;
  absl::Status Report(std::string_view type, std::string_view id, std::string_view destination, std::string_view state,
                      std::string_view transfer, std::string_view note) override;

  // Moves new outbox rows into the inbox, together with the position. Reads until there is nothing more.
  absl::Status Poll(const engine::Context& context, base::Instant now);
  // Asks for everything that is ready and makes what is missing: a lost event repairs itself.
  absl::Status Reconcile(const engine::Context& context, base::Instant now);

 private:
  const std::string name_;
  pg::Database database_;
};

}  // namespace crossdock::orchestrator::intake
