// What this agent believes, on disk: the roster that its officers signed, from the root that its join token pinned; the
// highest policy number seen of the studio, each client and each show; and every withdrawal, denial and end of a
// delegation that it has seen. Numbers only rise, and what was said against a transfer is not unsaid: an orchestrator
// that has told something once cannot take it back. Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/host.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/clearance/clearance.h"
#include "lib/trust/roster.h"
#include "lib/trust/verify_roster.h"

namespace crossdock::agent {

class TrustStore {
 public:
  // Writes the first roster below `directory`, believed by `root` alone. Replaces nothing that is there.
  static absl::Status Create(const std::string& directory, std::string_view root, std::string_view body,
                             std::string_view statement, base::Instant now);
  static absl::StatusOr<std::unique_ptr<TrustStore>> Open(const std::string& directory);

  std::shared_ptr<const trust::Roster> roster() const;
  // A newer roster, signed by the officers of the one held, or of the last of `steps`, each of which is signed by the
  // officers of the one before; the same again is fine. Nothing is kept of steps that lead nowhere.
  absl::Status TakeRoster(std::string_view body, std::string_view statement, base::Instant now,
                          const std::vector<RosterStep>& steps = {});

  std::optional<trust::Seen> PolicySeen(std::string_view scope) const;
  // `scope` is a policy::ScopeKey. On disk before it returns.
  absl::Status RememberPolicy(const std::string& scope, const trust::Seen& seen);
  // Officers' signed activations; older ones than seen are no news. Takes all that are believed, and gives the first
  // error of those that are not.
  absl::Status TakeActivations(std::span<const std::string> statements, base::Instant now);

  // Signed withdrawals, denials and ends of delegations, likewise. On disk before it returns. What takes something back
  // is kept until that would have ended, a denial for kDenialKept.
  absl::Status TakeObjections(std::span<const std::string> statements, base::Instant now);
  struct Objections {
    std::vector<std::string> denials;  // signed statements
    std::set<clearance::WithdrawnApproval> withdrawn;
    std::set<clearance::EndedDelegation> ended;  // whatever the transfer
  };
  Objections ObjectionsTo(std::string_view transfer) const;

  // Rises whenever any of this has changed.
  uint64_t revision() const { return revision_; }

  // Longer than any approval that could be given after it.
  static constexpr std::chrono::days kDenialKept{365};
  static constexpr size_t kObjectionsMax = 20'000;

 private:
  struct Objection {
    std::string text;
    std::string transfer;
    std::string withdrawn;  // the digest of the approval; empty: it is something else
    std::string ended;      // the digest of the delegation; empty: it is something else, with both empty a denial
    std::string person;
    base::Instant forget;
  };

  explicit TrustStore(std::string directory) : directory_(std::move(directory)) {}
  // What `text` says, when its signer may say it. The roster is the one held now, or none for what was verified before.
  static absl::StatusOr<Objection> Read(const std::string& text, const trust::Roster* roster, base::Instant now);
  absl::Status WriteObjections() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string directory_;
  mutable base::Mutex mutex_;
  std::shared_ptr<const trust::Roster> roster_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, trust::Seen, std::less<>> policies_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Objection, std::less<>> objections_ ABSL_GUARDED_BY(mutex_);  // by their text
  std::atomic<uint64_t> revision_ = 0;
};

}  // namespace crossdock::agent
