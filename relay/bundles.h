// The relay's two bundles: the ticket keys, signed by the site admin whose key was pinned at --init, and the denial
// list, signed by a ticket key. All that a relay keeps on disk besides its own key. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/base/mutex.h"
#include "lib/trust/kinds.h"

namespace crossdock::relay {

class Bundles {
 public:
  // Reads what `directory` holds, however old: its numbers count, expired keys open nothing. An error when it is not
  // ours: not signed by `site_admin`, or torn.
  static absl::StatusOr<std::unique_ptr<Bundles>> Open(std::string directory, const base::PublicKey& site_admin);

  // Takes newer ones over and onto disk; empty ones and the same again are fine. Each by itself: an agent that is
  // behind with the one may bring news of the other. The first error, with a reason of trust::VerifyRelayKeys or
  // VerifyRelayDeny.
  absl::Status Take(std::string_view keys, std::string_view deny, base::Instant now);

  // The ticket key with this id, while the bundle has not expired.
  std::optional<base::PublicKey> TicketKey(std::string_view key_id, base::Instant now) const;
  bool IsDenied(std::string_view spki) const;
  bool HasKeys(base::Instant now) const;
  uint64_t keys_number() const;
  uint64_t deny_number() const;

 private:
  Bundles(std::string directory, const base::PublicKey& site_admin)
      : directory_(std::move(directory)), site_admin_(site_admin) {}
  absl::Status Load() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeKeys(std::string_view text, base::Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status TakeDeny(std::string_view text, base::Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string directory_;
  const base::PublicKey site_admin_;
  mutable base::Mutex mutex_;
  std::optional<trust::RelayKeys> keys_ ABSL_GUARDED_BY(mutex_);
  trust::RelayDeny deny_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::relay
