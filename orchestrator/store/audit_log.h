// The audit log's trees: leaves numbered, tiles, checkpoints, co-signatures. What they mean: docs/audit.md; what is
// done with them: orchestrator/audit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lib/pg/tx.h"
#include "lib/transparency/tiles.h"

namespace crossdock::orchestrator::store {

// Up to where rows are numbered: they are in the order of (xid, id).
struct AuditPosition {
  std::string xid;  // xid8, decimal
  int64_t id = 0;
};
// Locks it until the transaction ends; nothing when another one has the lock. Throws when there is no position at all.
std::optional<AuditPosition> LockAuditPosition(pg::Tx& tx);
void SetAuditPosition(pg::Tx& tx, const AuditPosition& position);
// Whether the server's transactions have not come as far as `position` yet: it is not the server, nor a standby of it,
// where that position was written.
bool IsAhead(pg::Tx& tx, const AuditPosition& position);

// A row without a number, whose transaction and all before it have ended.
struct UnnumberedLeaf {
  AuditPosition position;
  std::string log;  // "studio" or "client/<client>"
  std::string action;
  std::string bytes;
};
std::vector<UnnumberedLeaf> ReadUnnumbered(pg::Tx& tx, const AuditPosition& after, int limit);

struct AuditLog {
  std::string log;
  uint64_t size = 0;
  bool urgent = false;
};
// size 0 when there is none.
AuditLog GetAuditLog(pg::Tx& tx, std::string_view log);
// The names of all logs that have grown, or of which there is a checkpoint.
std::vector<std::string> ListAuditLogs(pg::Tx& tx);
// Those with leaves beyond their newest checkpoint.
std::vector<AuditLog> AuditLogsToSign(pg::Tx& tx);
void PutAuditLog(pg::Tx& tx, const AuditLog& log);

// "" when there is none.
std::string ReadTile(pg::Tx& tx, std::string_view log, transparency::TileId id);
void WriteTile(pg::Tx& tx, std::string_view log, transparency::TileId id, std::string_view hashes);
// Number `first` and up are the rows with these ids.
void InsertLeafNumbers(pg::Tx& tx, std::string_view log, uint64_t first, const std::vector<std::string>& ids);
// The bytes of leaves [first, first + limit), as far as there are; "" for a row that is gone.
std::vector<std::string> ReadLeaves(pg::Tx& tx, std::string_view log, uint64_t first, int limit);

// The run of numbers, end excluded, that has all leaves with from ≤ time < to. (0, 0) when there is none.
std::pair<uint64_t, uint64_t> AuditRange(pg::Tx& tx, std::string_view log, const std::optional<base::Instant>& from,
                                         const std::optional<base::Instant>& to);

struct AuditCheckpoint {
  std::string log;
  uint64_t size = 0;
  base::Instant at;  // when it was signed
  std::string note;
};
void InsertCheckpoint(pg::Tx& tx, const AuditCheckpoint& checkpoint);
std::optional<AuditCheckpoint> NewestCheckpoint(pg::Tx& tx, std::string_view log);
// Those of at least `size` leaves, smallest first.
std::vector<AuditCheckpoint> ReadCheckpoints(pg::Tx& tx, std::string_view log, uint64_t size, int limit);

struct AuditCosignature {
  std::string log;
  uint64_t size = 0;
  std::string agent;
  base::Instant received;
  std::string line;
};
// The same again changes nothing.
void InsertCosignature(pg::Tx& tx, const AuditCosignature& cosignature);
std::vector<AuditCosignature> ReadCosignatures(pg::Tx& tx, std::string_view log, uint64_t size);
// Agents that have ever co-signed this log.
std::vector<std::string> WitnessesOf(pg::Tx& tx, std::string_view log);

// What an agent said when it refused a log, the last time, and has not taken back by co-signing since.
struct AuditRefusal {
  std::string agent;
  std::string reason;
  base::Instant at;
  std::string held;  // the note that it keeps, "" when it sent none
};
std::vector<AuditRefusal> ReadRefusals(pg::Tx& tx, std::string_view log);

// The newest checkpoint of a log that an agent has not co-signed, and the size that it co-signed last, 0 for none.
struct UnwitnessedCheckpoint {
  AuditCheckpoint checkpoint;
  uint64_t cosigned = 0;
};
std::vector<UnwitnessedCheckpoint> Unwitnessed(pg::Tx& tx, std::string_view agent, int limit);

}  // namespace crossdock::orchestrator::store
