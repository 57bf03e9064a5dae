// Asks agents to co-sign checkpoints, with the proof from what each has signed before, and keeps what they answer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/pg/database.h"
#include "orchestrator/audit/signer.h"
#include "orchestrator/core/agent_desk.h"

namespace crossdock::orchestrator::audit {

// Checkpoints that one agent is asked about at a time.
inline constexpr int kAskedMax = 16;
// One that was not answered for so long is asked about again.
inline constexpr std::chrono::seconds kAskAgain{30};

// The name that a co-signature of an agent carries.
std::string WitnessName(std::string_view trust_domain, std::string_view site, std::string_view agent);

// Thread-safe.
class Witnesses : public WitnessDesk {
 public:
  // Everything outlives it.
  Witnesses(pg::Database& database, const Signer& signer, std::string trust_domain, const base::Clock& clock)
      : database_(database), signer_(signer), trust_domain_(std::move(trust_domain)), clock_(clock) {}

  absl::StatusOr<std::vector<WitnessAsk>> Ask(std::string_view agent) override;
  absl::Status Take(std::string_view agent, std::string_view site, const WitnessReply& reply) override;

 private:
  // What an agent said or was asked about a log.
  struct Talk {
    uint64_t asked = 0;  // size; 0: nothing is open
    base::Steady at;
    std::optional<uint64_t> seen;  // what it co-signed last, by its own word
    bool refused = false;          // it was written down
  };

  absl::StatusOr<WitnessAsk> AskFor(pg::Tx& tx, const store::UnwitnessedCheckpoint& open, uint64_t from);
  absl::Status Keep(std::string_view agent, std::string_view site, const WitnessReply& reply);
  absl::Status WriteDown(std::string_view agent, const WitnessReply& reply);

  pg::Database& database_;
  const Signer& signer_;
  const std::string trust_domain_;
  const base::Clock& clock_;
  base::Mutex mutex_;
  std::map<std::pair<std::string, std::string>, Talk> talks_ ABSL_GUARDED_BY(mutex_);  // by agent and log
};

}  // namespace crossdock::orchestrator::audit
