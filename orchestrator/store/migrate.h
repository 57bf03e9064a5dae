// Brings a database to the schema of this program.
#pragma once

#include "absl/status/status.h"
#include "lib/pg/database.h"

namespace crossdock::orchestrator::store {

// Applies the missing migrations, each in a transaction of its own, under a lock so that replicas may start together.
// Refuses a database that is newer than the program.
absl::Status Migrate(pg::Database& database);

}  // namespace crossdock::orchestrator::store
