#include "orchestrator/store/inbox.h"

namespace crossdock::orchestrator::store {
namespace {

#define INBOX_COLUMNS                                                                                        \
  "id, source, external_id, kind, project, entity_type, entity_id, occurred, received, data::text AS data, " \
  "state, outcome, detail, attempts"

InboxEntry ReadEntry(const pqxx::row& row) {
  InboxEntry entry;
  entry.id = row["id"].as<int64_t>();
  entry.event.source = row["source"].as<std::string>();
  entry.event.external_id = row["external_id"].as<std::string>();
  entry.event.kind = row["kind"].as<std::string>();
  entry.event.project = row["project"].as<std::string>();
  entry.event.entity_type = row["entity_type"].as<std::string>();
  entry.event.entity_id = row["entity_id"].as<std::string>();
  entry.event.occurred = pg::ReadInstant(row["occurred"]);
  entry.event.data_json = row["data"].as<std::string>();
  entry.received = pg::ReadInstant(row["received"]);
  entry.state = row["state"].as<std::string>();
  entry.outcome = row["outcome"].as<std::string>();
  entry.detail = row["detail"].as<std::string>();
  entry.attempts = row["attempts"].as<int>();
  return entry;
}

constexpr pg::Query kInsert{"inbox_insert", R"sql(
  INSERT INTO inbox (source, external_id, kind, project, entity_type, entity_id, occurred, received, data, not_before)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8) ON CONFLICT (source, external_id) DO NOTHING)sql"};

// SKIP LOCKED over the short index of waiting rows: replicas share the work without waiting for one another.
constexpr pg::Query kTake{"inbox_take", "SELECT " INBOX_COLUMNS R"sql( FROM inbox
   WHERE state = 'waiting' AND not_before <= $1 ORDER BY not_before, id LIMIT $2 FOR UPDATE SKIP LOCKED)sql"};

constexpr pg::Query kFinish{"inbox_finish", R"sql(
  UPDATE inbox SET state = 'done', client = $2, outcome = $3, detail = $4 WHERE id = $1)sql"};

constexpr pg::Query kPostpone{"inbox_postpone", R"sql(
  UPDATE inbox SET attempts = attempts + 1, detail = $2, not_before = $3,
         state = CASE WHEN $4 THEN 'parked' ELSE state END, outcome = CASE WHEN $4 THEN 'parked' ELSE outcome END
   WHERE id = $1)sql"};

constexpr pg::Query kList{"inbox_list", "SELECT " INBOX_COLUMNS R"sql(,
         (SELECT array_agg(t.id ORDER BY t.id) FROM transfer t WHERE t.inbox = inbox.id) AS transfers
    FROM inbox WHERE ($1 = '' OR outcome = $1 OR state = $1) AND ($2 = 0 OR id < $2) ORDER BY id DESC LIMIT $3)sql"};

constexpr pg::Query kGetCursor{"source_cursor_get", R"sql(
  SELECT system_identifier, timeline, xid, id, reconciled FROM source_cursor WHERE source = $1)sql"};
constexpr pg::Query kSetCursor{"source_cursor_set", R"sql(
  INSERT INTO source_cursor (source, system_identifier, timeline, xid, id, reconciled, updated)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (source) DO UPDATE SET system_identifier = $2, timeline = $3, xid = $4, id = $5, reconciled = $6, updated = $7)sql"};

}  // namespace

bool InsertEvent(pg::Tx& tx, const Event& e, base::Instant now) {
  return tx.Run(kInsert, e.source, e.external_id, e.kind, e.project, e.entity_type, e.entity_id, e.occurred, now,
                e.data_json)
             .affected_rows() > 0;
}

std::vector<InboxEntry> TakeWaiting(pg::Tx& tx, base::Instant now, int limit) {
  std::vector<InboxEntry> entries;
  for (const pqxx::row& row : tx.Run(kTake, now, limit)) entries.push_back(ReadEntry(row));
  return entries;
}

void FinishEvent(pg::Tx& tx, int64_t id, std::string_view client, std::string_view outcome, std::string_view detail) {
  tx.Run(kFinish, id, client, outcome, detail);
}

void PostponeEvent(pg::Tx& tx, int64_t id, std::string_view detail, base::Instant not_before, bool park) {
  tx.Run(kPostpone, id, detail, not_before, park);
}

std::vector<InboxEntry> ListInbox(pg::Tx& tx, std::string_view outcome, int64_t before_id, int limit) {
  std::vector<InboxEntry> entries;
  for (const pqxx::row& row : tx.Run(kList, outcome, before_id, limit)) {
    entries.push_back(ReadEntry(row));
    entries.back().transfers = pg::ReadList(row["transfers"]);
  }
  return entries;
}

std::optional<SourceCursor> GetCursor(pg::Tx& tx, std::string_view source) {
  const pqxx::result result = tx.Run(kGetCursor, source);
  if (result.empty()) return std::nullopt;
  return SourceCursor{result[0][0].as<std::string>(), result[0][1].as<int64_t>(), result[0][2].as<std::string>(),
                      result[0][3].as<int64_t>(), pg::ReadOptionalInstant(result[0][4])};
}

void SetCursor(pg::Tx& tx, std::string_view source, const SourceCursor& cursor, base::Instant now) {
  tx.Run(kSetCursor, source, cursor.system_identifier, cursor.timeline, cursor.xid, cursor.id, cursor.reconciled, now);
}

}  // namespace crossdock::orchestrator::store
