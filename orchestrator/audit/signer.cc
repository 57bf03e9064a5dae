#include "orchestrator/audit/signer.h"

#include <utility>

#include "lib/base/status.h"
#include "orchestrator/audit/sequencer.h"

namespace crossdock::orchestrator::audit {
namespace {

template <typename... Parts>
absl::Status Rewritten(const Parts&... parts) {
  return base::WithReason(base::Error(absl::StatusCode::kDataLoss, parts...), "AUDIT_LOG_REWRITTEN");
}

bool IsDue(const store::AuditLog& log, const std::optional<store::AuditCheckpoint>& last, base::Instant now) {
  return !last || log.urgent || log.size < last->size || log.size - last->size >= kCheckpointLeaves ||
         now - last->at >= kCheckpointInterval;
}

}  // namespace

std::string OriginOf(std::string_view trust_domain, std::string_view log) {
  return base::StrCat(trust_domain, "/audit/", transparency::NoteNameOf(log));
}

Signer::Signer(pg::Database& database, std::string trust_domain, base::PrivateKey key)
    : database_(database), trust_domain_(std::move(trust_domain)), key_(std::move(key)) {}

transparency::NoteKey Signer::KeyOf(std::string_view log) const {
  return {OriginOf(trust_domain_, log), transparency::NoteKeyType::kEd25519, key_.Public()};
}

absl::Status Signer::RunOnce(base::Instant now) {
  std::vector<store::AuditLog> logs;
  RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) -> absl::Status {
    logs = store::AuditLogsToSign(tx);
    return absl::OkStatus();
  }));
  absl::Status first;
  for (const store::AuditLog& log : logs) {
    first.Update(database_.Transact([&](pg::Tx& tx) -> absl::Status {
      // Under the sequencer's lock: the tiles are of the size that is read.
      if (!store::LockAuditPosition(tx)) return absl::OkStatus();
      return SignLog(tx, log.log, now);
    }));
  }
  return first;
}

absl::Status Signer::SignLog(pg::Tx& tx, const std::string& name, base::Instant now) {
  store::AuditLog log = store::GetAuditLog(tx, name);
  const std::optional<store::AuditCheckpoint> last = store::NewestCheckpoint(tx, name);
  if (!IsDue(log, last, now)) return absl::OkStatus();
  transparency::Tiles tree = TreeOf(tx, name, log.size);
  RETURN_IF_ERROR(CheckPast(name, last.value_or(store::AuditCheckpoint()), tree.Source(), log.size));
  if (!last || log.size > last->size) {
    transparency::Checkpoint checkpoint{OriginOf(trust_domain_, name), log.size, {}};
    ASSIGN_OR_RETURN(checkpoint.root, transparency::RootAt(log.size, tree.Source()));
    store::InsertCheckpoint(tx, {name, log.size, now, transparency::SignCheckpoint(checkpoint, key_).Format()});
    base::MutexLock lock(mutex_);
    signed_[name] = checkpoint;
  }
  log.urgent = false;
  store::PutAuditLog(tx, log);
  return absl::OkStatus();
}

// The tree must contain what was signed of it: by the database's newest checkpoint, and by this program's memory.
absl::Status Signer::CheckPast(const std::string& name, const store::AuditCheckpoint& last,
                               const transparency::NodeSource& nodes, uint64_t size) {
  std::vector<transparency::Checkpoint> past;
  if (!last.note.empty()) {
    const absl::StatusOr<transparency::CheckpointNote> read = transparency::ParseCheckpointNote(last.note);
    if (!read.ok() || read->checkpoint.size != last.size || !read->note.VerifyBy(KeyOf(name)).ok()) {
      return Rewritten("audit log '", name, "': the checkpoint of size ", last.size,
                       " is not what this orchestrator's audit key signed; nothing more is signed");
    }
    past.push_back(read->checkpoint);
  }
  {
    base::MutexLock lock(mutex_);
    const auto known = signed_.find(name);
    if (known != signed_.end()) past.push_back(known->second);
  }
  for (const transparency::Checkpoint& checkpoint : past) {
    if (checkpoint.size > size) {
      return Rewritten("audit log '", name, "' has ", size, " leaves, and ", checkpoint.size, " were signed: number ",
                       size, " is gone; nothing more is signed");
    }
    ASSIGN_OR_RETURN(const transparency::Hash root, transparency::RootAt(checkpoint.size, nodes));
    if (root != checkpoint.root) {
      return Rewritten("audit log '", name, "': one of the first ", checkpoint.size,
                       " leaves is not what was signed; nothing more is signed. `crossdock audit verify` finds which");
    }
  }
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::audit
