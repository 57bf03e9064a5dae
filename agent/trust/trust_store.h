// What this agent believes, on disk: the roster that its officers signed, from the root that its join token pinned, and
// the highest policy number seen of the studio, each client and each show. Numbers only rise. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
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
  // A newer roster, signed by the officers of the one held; the same again is fine.
  absl::Status TakeRoster(std::string_view body, std::string_view statement, base::Instant now);

  std::optional<trust::Seen> PolicySeen(std::string_view scope) const;
  // `scope` is a policy::ScopeKey. On disk before it returns.
  absl::Status RememberPolicy(const std::string& scope, const trust::Seen& seen);

 private:
  explicit TrustStore(std::string directory) : directory_(std::move(directory)) {}

  const std::string directory_;
  mutable base::Mutex mutex_;
  std::shared_ptr<const trust::Roster> roster_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, trust::Seen, std::less<>> policies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::agent
