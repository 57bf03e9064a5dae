#include "orchestrator/store/write_backs.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kInsert{"write_back_insert", R"sql(
  INSERT INTO write_back (client, transfer, source, entity_type, entity_id, destination, state, note, not_before)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9))sql"};
constexpr pg::Query kTake{"write_back_take", R"sql(
  SELECT id, client, transfer, source, entity_type, entity_id, destination, state, note, attempts FROM write_back
   WHERE source = $1 AND done IS NULL AND not_before <= $2 ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED)sql"};
constexpr pg::Query kFinish{"write_back_finish", "UPDATE write_back SET done = $2 WHERE id = $1"};
constexpr pg::Query kPostpone{"write_back_postpone", R"sql(
  UPDATE write_back SET attempts = attempts + 1, not_before = $2 WHERE id = $1)sql"};

}  // namespace

void InsertWriteBack(pg::Tx& tx, const Transfer& t, std::string_view state, std::string_view note, base::Instant now) {
  // A transfer that a tool made belongs to no asset database.
  if (t.entity.source.empty() || t.entity.id.empty()) return;
  tx.Run(kInsert, t.entity.client, t.id, t.entity.source, t.entity.type, t.entity.id, t.destination_site, state, note,
         now);
}

std::vector<WriteBack> TakeWriteBacks(pg::Tx& tx, std::string_view source, base::Instant now, int limit) {
  std::vector<WriteBack> list;
  for (const pqxx::row& row : tx.Run(kTake, source, now, limit)) {
    list.push_back({row[0].as<int64_t>(), row[1].as<std::string>(), row[2].as<std::string>(), row[3].as<std::string>(),
                    row[4].as<std::string>(), row[5].as<std::string>(), row[6].as<std::string>(),
                    row[7].as<std::string>(), row[8].as<std::string>(), row[9].as<int>()});
  }
  return list;
}

void FinishWriteBack(pg::Tx& tx, int64_t id, base::Instant now) { tx.Run(kFinish, id, now); }

void PostponeWriteBack(pg::Tx& tx, int64_t id, base::Instant not_before) { tx.Run(kPostpone, id, not_before); }

}  // namespace crossdock::orchestrator::store
