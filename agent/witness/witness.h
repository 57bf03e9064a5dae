// Witness co-signs the audit logs' checkpoints (C2SP tlog-witness) and keeps, for each log, the largest that it has
// seen. What does not continue that one it refuses, keeps beside it as evidence, and says so in its log: whoever
// rewrites the database's past is found out by the machines at the sites.
//
//   <directory>/<SHA-256 of the log's name>.note       the checkpoint, with the log's signature and this agent's line
//                                        .key        the log's key, believed since the first time
//                                        .conflict   a checkpoint that was signed with that key and contradicts the
//                                        note
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/core/host.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/base/mutex.h"
#include "lib/transparency/add_checkpoint.h"

namespace crossdock::agent {

// Why a witness refuses. Stale is no offence: the proof begins elsewhere than where this witness is.
inline constexpr char kWitnessStale[] = "WITNESS_STALE";
inline constexpr char kWitnessShrunk[] = "WITNESS_LOG_SHRUNK";
inline constexpr char kWitnessForked[] = "WITNESS_LOG_FORKED";
inline constexpr char kWitnessKeyChanged[] = "WITNESS_KEY_CHANGED";
inline constexpr char kWitnessLogUnknown[] = "WITNESS_LOG_UNKNOWN";
inline constexpr char kWitnessFull[] = "WITNESS_FULL";

// Logs that one witness keeps: as many clients as a studio ever has, and no more than a disk bears.
inline constexpr size_t kWitnessedLogsMax = 10'000;

// Thread-safe.
class Witness {
 public:
  // `name` is the agent's, as its co-signatures carry it; only logs of `trust_domain` are signed.
  Witness(std::string directory, std::string trust_domain, std::string name, base::PrivateKey key);

  // On disk before it returns a co-signature.
  WitnessAnswer Answer(const WitnessRequest& request, base::Instant now);

 private:
  absl::StatusOr<std::string> Judge(const WitnessRequest& request, base::Instant now, WitnessAnswer& answer);
  absl::Status CheckKey(const std::string& stem, const std::string& log_key, const std::string& origin);
  // Whether `next` continues what was seen; why not, with `answer.held`.
  absl::Status CheckContinues(const std::string& stem, const transparency::CheckpointNote& next,
                              const transparency::AddCheckpoint& asked, WitnessAnswer& answer) const;

  const std::string directory_;
  const std::string trust_domain_;
  const std::string name_;
  const base::PrivateKey key_;
  base::Mutex mutex_;  // of the files
};

}  // namespace crossdock::agent
