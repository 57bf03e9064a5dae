#include "orchestrator/store/audit_log.h"

#include <stdexcept>

namespace crossdock::orchestrator::store {
namespace {

// A second replica does not wait: who has the lock numbers for both.
constexpr pg::Query kLockPosition{"audit_position_lock",
                                  "SELECT xid::text, id FROM audit_position FOR UPDATE SKIP LOCKED"};
constexpr pg::Query kHasPosition{"audit_position_exists", "SELECT count(*) FROM audit_position"};
constexpr pg::Query kSetPosition{"audit_position_set", "UPDATE audit_position SET xid = $1::text::xid8, id = $2"};
constexpr pg::Query kIsAhead{"audit_position_ahead", "SELECT pg_snapshot_xmax(pg_current_snapshot()) < $1::text::xid8"};

// Below xmin every transaction has ended, and no later row can come before one that is read here; so a number that is
// given once stays, and a transaction that was rolled back leaves no gap. ORDER BY names the table: a bare xid would be
// the output column, a text, which sorts 1000 before 999.
constexpr pg::Query kUnnumbered{"audit_unnumbered", R"sql(
  SELECT xid::text, id, audit_log_of(client), action, leaf FROM audit
   WHERE (xid, id) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY audit.xid, audit.id LIMIT $3)sql"};

constexpr pg::Query kGetLog{"audit_log_get", "SELECT log, size, urgent FROM audit_log WHERE log = $1"};
constexpr pg::Query kListLogs{"audit_log_list", R"sql(
  SELECT log FROM audit_log UNION SELECT log FROM audit_checkpoint ORDER BY log)sql"};
constexpr pg::Query kLogsToSign{"audit_log_to_sign", R"sql(
  SELECT log, size, urgent FROM audit_log
   WHERE size > coalesce((SELECT max(c.size) FROM audit_checkpoint c WHERE c.log = audit_log.log), 0)
      OR urgent ORDER BY log)sql"};
constexpr pg::Query kPutLog{"audit_log_put", R"sql(
  INSERT INTO audit_log (log, size, urgent) VALUES ($1, $2, $3)
  ON CONFLICT (log) DO UPDATE SET size = excluded.size, urgent = excluded.urgent)sql"};

constexpr pg::Query kReadTile{"audit_tile_read",
                              "SELECT hashes FROM audit_tile WHERE log = $1 AND level = $2 AND tile = $3"};
constexpr pg::Query kWriteTile{"audit_tile_write", R"sql(
  INSERT INTO audit_tile (log, level, tile, hashes) VALUES ($1, $2, $3, $4)
  ON CONFLICT (log, level, tile) DO UPDATE SET hashes = excluded.hashes)sql"};
constexpr pg::Query kInsertNumbers{"audit_leaf_insert", R"sql(
  INSERT INTO audit_leaf (log, number, audit)
  SELECT $1::text, $2::bigint + place - 1, id FROM unnest($3::bigint[]) WITH ORDINALITY AS given (id, place))sql"};
constexpr pg::Query kReadLeaves{"audit_leaf_read", R"sql(
  SELECT number, coalesce(leaf, '') FROM audit_leaf LEFT JOIN audit ON audit.id = audit_leaf.audit
   WHERE log = $1 AND number >= $2 ORDER BY number LIMIT $3)sql"};

constexpr pg::Query kRange{"audit_leaf_range", R"sql(
  SELECT coalesce(min(number), 0), coalesce(max(number) + 1, 0) FROM audit_leaf JOIN audit ON audit.id = audit_leaf.audit
   WHERE log = $1 AND at >= coalesce($2::timestamptz, '-infinity') AND at < coalesce($3::timestamptz, 'infinity'))sql"};

constexpr pg::Query kInsertCheckpoint{"audit_checkpoint_insert",
                                      "INSERT INTO audit_checkpoint (log, size, signed, note) VALUES ($1, $2, $3, $4)"};
constexpr pg::Query kNewestCheckpoint{"audit_checkpoint_newest", R"sql(
  SELECT log, size, signed, note FROM audit_checkpoint WHERE log = $1 ORDER BY size DESC LIMIT 1)sql"};
constexpr pg::Query kReadCheckpoints{"audit_checkpoint_read", R"sql(
  SELECT log, size, signed, note FROM audit_checkpoint WHERE log = $1 AND size >= $2 ORDER BY size LIMIT $3)sql"};

constexpr pg::Query kInsertCosignature{"audit_cosignature_insert", R"sql(
  INSERT INTO audit_cosignature (log, size, agent, received, line) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING)sql"};
constexpr pg::Query kReadCosignatures{"audit_cosignature_read", R"sql(
  SELECT log, size, agent, received, line FROM audit_cosignature WHERE log = $1 AND size = $2 ORDER BY agent)sql"};
constexpr pg::Query kWitnesses{"audit_witnesses",
                               "SELECT DISTINCT agent FROM audit_cosignature WHERE log = $1 ORDER BY agent"};
constexpr pg::Query kUnwitnessed{"audit_unwitnessed", R"sql(
  SELECT c.log, c.size, c.signed, c.note, coalesce(s.size, 0)
    FROM audit_log l
   CROSS JOIN LATERAL (SELECT * FROM audit_checkpoint WHERE log = l.log ORDER BY size DESC LIMIT 1) c
    LEFT JOIN LATERAL (SELECT size FROM audit_cosignature WHERE agent = $1 AND log = l.log
                        ORDER BY size DESC LIMIT 1) s ON true
   WHERE coalesce(s.size, 0) < c.size ORDER BY c.signed LIMIT $2)sql"};

// By the studio's log, which is short and has an index, where `audit` has none of actions.
constexpr pg::Query kRefusals{"audit_refusals", R"sql(
  SELECT DISTINCT ON (actor) actor, result, at, coalesce(detail->>'held', '')
    FROM audit_leaf JOIN audit ON audit.id = audit_leaf.audit
   WHERE audit_leaf.log = 'studio' AND action = 'audit.refused' AND detail->>'log' = $1
     AND NOT EXISTS (SELECT FROM audit_cosignature s WHERE s.log = $1 AND 'agent/' || s.agent = actor
                      AND s.received > audit.at)
   ORDER BY actor, audit.id DESC)sql"};

AuditLog ReadLog(const pqxx::row& row) { return {row[0].as<std::string>(), row[1].as<uint64_t>(), row[2].as<bool>()}; }

AuditCheckpoint ReadCheckpoint(const pqxx::row& row) {
  return {row[0].as<std::string>(), row[1].as<uint64_t>(), pg::ReadInstant(row[2]), row[3].as<std::string>()};
}

}  // namespace

std::optional<AuditPosition> LockAuditPosition(pg::Tx& tx) {
  const pqxx::result locked = tx.Run(kLockPosition);
  if (!locked.empty()) return AuditPosition{locked[0][0].as<std::string>(), locked[0][1].as<int64_t>()};
  if (tx.Run(kHasPosition)[0][0].as<int>() == 0)
    throw std::runtime_error("the table audit_position is empty: somebody took the audit log's position away");
  return std::nullopt;
}

void SetAuditPosition(pg::Tx& tx, const AuditPosition& position) { tx.Run(kSetPosition, position.xid, position.id); }

bool IsAhead(pg::Tx& tx, const AuditPosition& position) { return tx.Run(kIsAhead, position.xid)[0][0].as<bool>(); }

std::vector<UnnumberedLeaf> ReadUnnumbered(pg::Tx& tx, const AuditPosition& after, int limit) {
  std::vector<UnnumberedLeaf> leaves;
  for (const pqxx::row& row : tx.Run(kUnnumbered, after.xid, after.id, limit)) {
    leaves.push_back({{row[0].as<std::string>(), row[1].as<int64_t>()},
                      row[2].as<std::string>(),
                      row[3].as<std::string>(),
                      pg::ReadBytes(row[4])});
  }
  return leaves;
}

AuditLog GetAuditLog(pg::Tx& tx, std::string_view log) {
  const pqxx::result found = tx.Run(kGetLog, log);
  return found.empty() ? AuditLog{std::string(log), 0, false} : ReadLog(found[0]);
}

std::vector<std::string> ListAuditLogs(pg::Tx& tx) {
  std::vector<std::string> logs;
  for (const pqxx::row& row : tx.Run(kListLogs)) logs.push_back(row[0].as<std::string>());
  return logs;
}

std::vector<AuditLog> AuditLogsToSign(pg::Tx& tx) {
  std::vector<AuditLog> logs;
  for (const pqxx::row& row : tx.Run(kLogsToSign)) logs.push_back(ReadLog(row));
  return logs;
}

void PutAuditLog(pg::Tx& tx, const AuditLog& log) {
  tx.Run(kPutLog, log.log, static_cast<int64_t>(log.size), log.urgent);
}

std::string ReadTile(pg::Tx& tx, std::string_view log, transparency::TileId id) {
  const pqxx::result found = tx.Run(kReadTile, log, id.first, static_cast<int64_t>(id.second));
  return found.empty() ? "" : pg::ReadBytes(found[0][0]);
}

void WriteTile(pg::Tx& tx, std::string_view log, transparency::TileId id, std::string_view hashes) {
  tx.Run(kWriteTile, log, id.first, static_cast<int64_t>(id.second), pg::Bytes{hashes});
}

void InsertLeafNumbers(pg::Tx& tx, std::string_view log, uint64_t first, const std::vector<std::string>& ids) {
  tx.Run(kInsertNumbers, log, static_cast<int64_t>(first), ids);
}

std::vector<std::string> ReadLeaves(pg::Tx& tx, std::string_view log, uint64_t first, int limit) {
  std::vector<std::string> leaves;
  for (const pqxx::row& row : tx.Run(kReadLeaves, log, static_cast<int64_t>(first), limit)) {
    const uint64_t number = row[0].as<uint64_t>();
    if (number >= first + static_cast<uint64_t>(limit)) break;
    // A number that is not there is a leaf that is gone.
    while (first + leaves.size() < number) leaves.emplace_back();
    leaves.push_back(pg::ReadBytes(row[1]));
  }
  return leaves;
}

std::pair<uint64_t, uint64_t> AuditRange(pg::Tx& tx, std::string_view log, const std::optional<base::Instant>& from,
                                         const std::optional<base::Instant>& to) {
  const pqxx::result found = tx.Run(kRange, log, from, to);
  return {found[0][0].as<uint64_t>(), found[0][1].as<uint64_t>()};
}

void InsertCheckpoint(pg::Tx& tx, const AuditCheckpoint& c) {
  tx.Run(kInsertCheckpoint, c.log, static_cast<int64_t>(c.size), c.at, c.note);
}

std::optional<AuditCheckpoint> NewestCheckpoint(pg::Tx& tx, std::string_view log) {
  const pqxx::result found = tx.Run(kNewestCheckpoint, log);
  if (found.empty()) return std::nullopt;
  return ReadCheckpoint(found[0]);
}

std::vector<AuditCheckpoint> ReadCheckpoints(pg::Tx& tx, std::string_view log, uint64_t size, int limit) {
  std::vector<AuditCheckpoint> checkpoints;
  for (const pqxx::row& row : tx.Run(kReadCheckpoints, log, static_cast<int64_t>(size), limit))
    checkpoints.push_back(ReadCheckpoint(row));
  return checkpoints;
}

void InsertCosignature(pg::Tx& tx, const AuditCosignature& c) {
  tx.Run(kInsertCosignature, c.log, static_cast<int64_t>(c.size), c.agent, c.received, c.line);
}

std::vector<AuditCosignature> ReadCosignatures(pg::Tx& tx, std::string_view log, uint64_t size) {
  std::vector<AuditCosignature> lines;
  for (const pqxx::row& row : tx.Run(kReadCosignatures, log, static_cast<int64_t>(size))) {
    lines.push_back({row[0].as<std::string>(), row[1].as<uint64_t>(), row[2].as<std::string>(), pg::ReadInstant(row[3]),
                     row[4].as<std::string>()});
  }
  return lines;
}

std::vector<std::string> WitnessesOf(pg::Tx& tx, std::string_view log) {
  std::vector<std::string> agents;
  for (const pqxx::row& row : tx.Run(kWitnesses, log)) agents.push_back(row[0].as<std::string>());
  return agents;
}

std::vector<AuditRefusal> ReadRefusals(pg::Tx& tx, std::string_view log) {
  std::vector<AuditRefusal> refusals;
  for (const pqxx::row& row : tx.Run(kRefusals, log)) {
    std::string agent = row[0].as<std::string>();
    if (agent.starts_with("agent/")) agent.erase(0, 6);
    refusals.push_back({agent, row[1].as<std::string>(), pg::ReadInstant(row[2]), row[3].as<std::string>()});
  }
  return refusals;
}

std::vector<UnwitnessedCheckpoint> Unwitnessed(pg::Tx& tx, std::string_view agent, int limit) {
  std::vector<UnwitnessedCheckpoint> found;
  for (const pqxx::row& row : tx.Run(kUnwitnessed, agent, limit))
    found.push_back({ReadCheckpoint(row), row[4].as<uint64_t>()});
  return found;
}

}  // namespace crossdock::orchestrator::store
