#include "orchestrator/store/staging.h"

#include <algorithm>

namespace crossdock::orchestrator::store {
namespace {

// The rule itself is core's (CleaningDue); this leaves out what it would refuse, so that the few rows read are not used
// up by those. `assigned` bounds it by the index: nothing can have lain longer than since its attempt began.
constexpr pg::Query kHeld{"staging_held", R"sql(
  SELECT s.transfer, s.volume, s.epoch_generation, s.epoch_n, s.refusals, t.state, t.state_since, t.renewed, o.keep
    FROM staging s JOIN transfer t ON t.id = s.transfer LEFT JOIN decision d ON d.id = t.decision
    CROSS JOIN LATERAL (SELECT (d.result->>'delete_staging_within_ms')::bigint AS keep) o
   WHERE s.agent = $1 AND s.cleaned IS NULL AND s.assigned <= $2 AND s.not_before <= $3
     AND t.state NOT IN ('running', 'publishing')
     AND greatest(t.state_since, t.renewed) <= $3::timestamptz - least($5::bigint, o.keep) * interval '1 millisecond'
   ORDER BY s.not_before, s.transfer LIMIT $4)sql"};

// Guarded by the epoch: a word about an older attempt says nothing of what a newer one has staged since.
constexpr pg::Query kCleaned{"staging_cleaned", R"sql(
  UPDATE staging SET cleaned = $5
   WHERE transfer = $1 AND agent = $2 AND epoch_generation = $3 AND epoch_n = $4 AND cleaned IS NULL
  RETURNING client)sql"};
constexpr pg::Query kRefused{"staging_refused", R"sql(
  UPDATE staging SET refusals = refusals + 1
   WHERE transfer = $1 AND agent = $2 AND epoch_generation = $3 AND epoch_n = $4 AND cleaned IS NULL
  RETURNING refusals)sql"};
constexpr pg::Query kPostpone{"staging_postpone", R"sql(
  UPDATE staging SET not_before = $3 WHERE transfer = $1 AND agent = $2)sql"};

}  // namespace

std::vector<HeldStaging> HeldStagingOf(pg::Tx& tx, std::string_view agent, std::chrono::milliseconds keep,
                                       base::Instant now, int limit) {
  std::vector<HeldStaging> all;
  const base::Instant before = now - std::min<std::chrono::milliseconds>(keep, kKeepMin);
  for (const pqxx::row& row : tx.Run(kHeld, agent, before, now, limit, static_cast<int64_t>(keep.count()))) {
    HeldStaging held;
    held.transfer = row[0].as<std::string>();
    held.volume = row[1].as<std::string>();
    held.epoch = {row[2].as<uint64_t>(), row[3].as<uint64_t>()};
    held.refusals = row[4].as<int>();
    held.state = ParseState(row[5].as<std::string>()).value_or(State::kRunning);
    held.state_since = pg::ReadInstant(row[6]);
    held.renewed = pg::ReadOptionalInstant(row[7]);
    if (!row[8].is_null()) held.keep_max = std::chrono::milliseconds(row[8].as<int64_t>());
    all.push_back(std::move(held));
  }
  return all;
}

std::optional<std::string> SetStagingCleaned(pg::Tx& tx, std::string_view transfer, std::string_view agent, Epoch epoch,
                                             base::Instant now) {
  const pqxx::result result = tx.Run(kCleaned, transfer, agent, epoch.generation, epoch.n, now);
  if (result.empty()) return std::nullopt;
  return result[0][0].as<std::string>();
}

std::optional<int> CountCleaningRefusal(pg::Tx& tx, std::string_view transfer, std::string_view agent, Epoch epoch) {
  const pqxx::result result = tx.Run(kRefused, transfer, agent, epoch.generation, epoch.n);
  if (result.empty()) return std::nullopt;
  return result[0][0].as<int>();
}

void PostponeCleaning(pg::Tx& tx, std::string_view transfer, std::string_view agent, base::Instant not_before) {
  tx.Run(kPostpone, transfer, agent, not_before);
}

}  // namespace crossdock::orchestrator::store
