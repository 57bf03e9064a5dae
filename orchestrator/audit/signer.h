// Signs what the logs have become. It never signs a tree that does not continue the one it signed before: it computes
// that one's root again, from the database, and remembers what it has signed since it was made.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/base/mutex.h"
#include "lib/pg/database.h"
#include "lib/transparency/checkpoint.h"
#include "orchestrator/store/audit_log.h"

namespace crossdock::orchestrator::audit {

inline constexpr std::chrono::seconds kCheckpointInterval{10};
inline constexpr uint64_t kCheckpointLeaves = 1'000;
// All logs are held against what was signed so often, also those that do not grow.
inline constexpr std::chrono::seconds kCheckInterval{10};
inline constexpr char kLogRewritten[] = "AUDIT_LOG_REWRITTEN";

// The name under which a log signs: "<trust domain>/audit/studio", "<trust domain>/audit/client/<client>".
std::string OriginOf(std::string_view trust_domain, std::string_view log);

// Thread-safe.
class Signer {
 public:
  // `database` outlives the signer.
  Signer(pg::Database& database, std::string trust_domain, base::PrivateKey key);

  // Signs each log that has grown and whose last checkpoint is kCheckpointInterval old or kCheckpointLeaves behind, or
  // that tells of an approval; looks at all logs every kCheckInterval. A log that is not what was signed is raised: as
  // an error in the program's log and as `audit.rewritten` in the studio's, once until it is right again. The first
  // error, AUDIT_LOG_REWRITTEN (named with log and number) or the database's; the other logs are signed all the same.
  absl::Status RunOnce(base::Instant now);
  // Whether a log, as `tx` sees it, still is what was signed of it, or AUDIT_LOG_REWRITTEN.
  absl::Status Check(pg::Tx& tx, const std::string& name);
  // Whose signature an auditor looks for.
  transparency::NoteKey KeyOf(std::string_view log) const;

 private:
  absl::StatusOr<std::vector<std::string>> LogsToLookAt(bool all);
  absl::Status SignLog(pg::Tx& tx, const std::string& name, base::Instant now, bool check);
  absl::Status Extend(pg::Tx& tx, const store::AuditLog& log, base::Instant now);
  absl::Status Raise(const std::string& name, const absl::Status& found, base::Instant now);

  pg::Database& database_;
  const std::string trust_domain_;
  const base::PrivateKey key_;
  base::Mutex mutex_;
  std::map<std::string, transparency::Checkpoint> signed_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> raised_ ABSL_GUARDED_BY(mutex_);  // by log: what is wrong with it
  base::Instant checked_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::orchestrator::audit
