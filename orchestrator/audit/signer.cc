#include "orchestrator/audit/signer.h"

#include <set>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "nlohmann/json.hpp"
#include "orchestrator/audit/sequencer.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::audit {
namespace {

template <typename... Parts>
absl::Status Rewritten(const Parts&... parts) {
  return base::WithReason(base::Error(absl::StatusCode::kDataLoss, parts...), kLogRewritten);
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
  bool all = false;
  {
    base::MutexLock lock(mutex_);
    all = now - checked_ >= kCheckInterval;
    if (all) checked_ = now;
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> logs, LogsToLookAt(all));
  absl::Status first;
  for (const std::string& log : logs) {
    const absl::Status done = database_.Transact([&](pg::Tx& tx) -> absl::Status {
      // Under the sequencer's lock: the tiles are of the size that is read.
      if (!store::LockAuditPosition(tx)) return absl::OkStatus();
      return SignLog(tx, log, now, all);
    });
    first.Update(done);
    first.Update(Raise(log, done, now));
  }
  return first;
}

// Those that have grown, but for those of which it is known that nothing is to be signed; or all.
absl::StatusOr<std::vector<std::string>> Signer::LogsToLookAt(bool all) {
  std::set<std::string> logs;
  RETURN_IF_ERROR(database_.Transact([&](pg::Tx& tx) -> absl::Status {
    for (const store::AuditLog& log : store::AuditLogsToSign(tx)) logs.insert(log.log);
    if (!all) return absl::OkStatus();
    for (const std::string& log : store::ListAuditLogs(tx)) logs.insert(log);
    return absl::OkStatus();
  }));
  base::MutexLock lock(mutex_);
  if (all) {
    // Also one of which the database knows nothing any more.
    for (const auto& [log, checkpoint] : signed_) logs.insert(log);
  } else {
    for (const auto& [log, why] : raised_) logs.erase(log);
  }
  return std::vector<std::string>(logs.begin(), logs.end());
}

absl::Status Signer::SignLog(pg::Tx& tx, const std::string& name, base::Instant now, bool check) {
  const store::AuditLog log = store::GetAuditLog(tx, name);
  const bool due = IsDue(log, store::NewestCheckpoint(tx, name), now);
  if (due || check) RETURN_IF_ERROR(Check(tx, name));
  return due ? Extend(tx, log, now) : absl::OkStatus();
}

absl::Status Signer::Extend(pg::Tx& tx, const store::AuditLog& log, base::Instant now) {
  const std::optional<store::AuditCheckpoint> last = store::NewestCheckpoint(tx, log.log);
  if (!last || log.size > last->size) {
    transparency::Tiles tree = TreeOf(tx, log.log, log.size);
    transparency::Checkpoint checkpoint{OriginOf(trust_domain_, log.log), log.size, {}};
    ASSIGN_OR_RETURN(checkpoint.root, transparency::RootAt(log.size, tree.Source()));
    store::InsertCheckpoint(tx, {log.log, log.size, now, transparency::SignCheckpoint(checkpoint, key_).Format()});
    base::MutexLock lock(mutex_);
    signed_[log.log] = checkpoint;
  }
  store::PutAuditLog(tx, {log.log, log.size, false});
  return absl::OkStatus();
}

// The tree must contain what was signed of it: by the database's newest checkpoint, and by this program's memory.
absl::Status Signer::Check(pg::Tx& tx, const std::string& name) {
  std::vector<transparency::Checkpoint> past;
  {
    base::MutexLock lock(mutex_);
    const auto known = signed_.find(name);
    if (known != signed_.end()) past.push_back(known->second);
  }
  // What was signed is read before what there is: whoever looks without the lock sees a log that is no smaller.
  if (const std::optional<store::AuditCheckpoint> last = store::NewestCheckpoint(tx, name)) {
    const absl::StatusOr<transparency::CheckpointNote> read = transparency::ParseCheckpointNote(last->note);
    if (!read.ok() || read->checkpoint.size != last->size || !transparency::VerifyCheckpoint(*read, KeyOf(name)).ok()) {
      return Rewritten("audit log '", name, "': the checkpoint of size ", last->size,
                       " is not what this orchestrator's audit key signed; nothing more is signed");
    }
    past.push_back(read->checkpoint);
  }
  const uint64_t size = store::GetAuditLog(tx, name).size;
  transparency::Tiles tree = TreeOf(tx, name, size);
  for (const transparency::Checkpoint& checkpoint : past) {
    if (checkpoint.size > size) {
      return Rewritten("audit log '", name, "' has ", size, " leaves, and ", checkpoint.size, " were signed: number ",
                       size, " is gone; nothing more is signed");
    }
    const absl::StatusOr<transparency::Hash> root = transparency::RootAt(checkpoint.size, tree.Source());
    if (absl::IsDataLoss(root.status())) {
      return Rewritten("audit log '", name, "': ", root.status().message(),
                       ". A part of its tree is gone; nothing more is signed");
    }
    RETURN_IF_ERROR(root.status());
    if (*root != checkpoint.root) {
      return Rewritten("audit log '", name, "': one of the first ", checkpoint.size,
                       " leaves is not what was signed; nothing more is signed. `crossdock audit verify` finds which");
    }
  }
  return absl::OkStatus();
}

absl::Status Signer::Raise(const std::string& name, const absl::Status& found, base::Instant now) {
  const bool bad = base::ReasonOf(found) == kLogRewritten;
  const std::string why = bad ? std::string(found.message()) : "";
  {
    base::MutexLock lock(mutex_);
    if (found.ok()) raised_.erase(name);
    if (!bad || raised_[name] == why) return absl::OkStatus();
    raised_[name] = why;
  }
  LOG_ERROR("AN AUDIT LOG IS NOT WHAT WAS SIGNED", {{"log", base::PercentEscape(name)}, {"detail", why}});
  return database_.Transact([&](pg::Tx& tx) -> absl::Status {
    const nlohmann::json detail{{"log", name}, {"detail", why}};
    store::Audit(tx, {0, now, "", "orchestrator", "audit.rewritten", "", kLogRewritten, detail.dump()});
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::audit
