// Gives each audit row its number in its log, after its transaction has ended: nothing of this is in the way of those
// who write the rows, numbers have no gaps, and what was rolled back has none.
#pragma once

#include "absl/status/statusor.h"
#include "lib/pg/database.h"
#include "lib/transparency/tiles.h"

namespace crossdock::orchestrator::audit {

// Rows in one transaction.
inline constexpr int kBatchMax = 5000;

// Numbers at most `batch` rows, and gives how many there were; 0 also when another replica is at it. Errors:
// AUDIT_POSITION_AHEAD (the database was restored into a server that counts from below), TILE_LOST.
absl::StatusOr<int> NumberLeaves(pg::Database& database, int batch = kBatchMax);

// The tree of a log as the database has it now. `tx` outlives it.
transparency::Tiles TreeOf(pg::Tx& tx, const std::string& log, uint64_t size);

}  // namespace crossdock::orchestrator::audit
