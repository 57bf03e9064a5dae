// Which agent may hold staging of which transfer, until it said that it is gone. AssignTransfer (transfers.h) writes
// the rows, in the statement that makes the attempt.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/cleaning.h"

namespace crossdock::orchestrator::store {

// What `agent` may hold of transfers that have not moved for `keep`, or for as long as their decision demands when that
// is less, and run no attempt, and that it was not asked for in vain until after `now`. The longest waiting first.
std::vector<HeldStaging> HeldStagingOf(pg::Tx& tx, std::string_view agent, std::chrono::milliseconds keep,
                                       base::Instant now, int limit);
// The agent's staging of attempts up to `epoch` is gone. Gives the transfer's client; nothing when that was recorded
// before, or a newer attempt began there.
std::optional<std::string> SetStagingCleaned(pg::Tx& tx, std::string_view transfer, std::string_view agent, Epoch epoch,
                                             base::Instant now);
// It is not gone. Gives how many times that has happened now; nothing as above.
std::optional<int> CountCleaningRefusal(pg::Tx& tx, std::string_view transfer, std::string_view agent, Epoch epoch);
void PostponeCleaning(pg::Tx& tx, std::string_view transfer, std::string_view agent, base::Instant not_before);

}  // namespace crossdock::orchestrator::store
