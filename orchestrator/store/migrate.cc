#include "orchestrator/store/migrate.h"

#include <array>
#include <set>
#include <string>

#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::orchestrator::store {
namespace {

struct Migration {
  const char* name;
  const char* sql;
};
constexpr Migration kMigrations[] = {
#include "migrations.inc"
};

// The transaction's lock, not the session's: nothing to release when a connection breaks.
constexpr pg::Query kLock{"migrate_lock", "SELECT pg_advisory_xact_lock(7310442)"};
constexpr pg::Query kApplied{"migrate_applied", "SELECT name FROM migration ORDER BY name"};
constexpr pg::Query kRecord{"migrate_record", "INSERT INTO migration (name) VALUES ($1)"};

}  // namespace

absl::Status Migrate(pg::Database& database) {
  return database.Transact([](pg::Tx& tx) -> absl::Status {
    tx.Run(kLock);
    tx.RunScript(
        "CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())");
    std::set<std::string> applied;
    for (const pqxx::row& row : tx.Run(kApplied)) applied.insert(row[0].as<std::string>());
    for (const Migration& migration : kMigrations) {
      if (applied.erase(migration.name) > 0) continue;
      LOG_INFO("migrating the database", {{"migration", migration.name}});
      tx.RunScript(migration.sql);
      tx.Run(kRecord, migration.name);
    }
    if (!applied.empty()) {
      return base::FailedPrecondition("the database has migration '", *applied.begin(),
                                      "', which this program does not know: run the newer program");
    }
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::store
