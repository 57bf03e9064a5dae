// The providers whose tokens a studio takes, each with the keys that it showed last.
//
// It reads no network: somebody asks Due(), fetches, and hands in the keys. So a token is verified from memory, and a
// flood of tokens with keys that nobody has fetches nothing but once a minute.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/oidc/token.h"

namespace crossdock::oidc {

// Thread-safe.
class Providers {
 public:
  // Providers show a new key long before they sign with it.
  static constexpr std::chrono::minutes kRefresh{10};
  // After a token by a key that is not there, or a fetch that failed.
  static constexpr std::chrono::seconds kRetry{60};
  // A provider that has not answered for so long may have withdrawn its keys.
  static constexpr std::chrono::hours kStale{24};

  explicit Providers(const std::vector<Provider>& providers);

  struct Verified {
    std::string issuer;
    Identity identity;
  };
  // What oidc::Verify says, and before it UNAUTHENTICATED: PROVIDER_UNKNOWN; UNAVAILABLE: PROVIDER_KEYS_MISSING, when
  // its keys have not been read yet, or not for kStale.
  absl::StatusOr<Verified> Verify(std::string_view token, base::Instant now);

  // The issuers whose keys are to be fetched now. Each counts as asked from then on.
  std::vector<std::string> Due(base::Instant now);
  // Of an issuer that was given to the constructor.
  void SetKeys(const std::string& issuer, KeySet keys, base::Instant now);

 private:
  struct Entry {
    Provider provider;
    std::optional<KeySet> keys;
    base::Instant read;
    std::optional<base::Instant> asked;
    bool wanted = true;  // sooner than kRefresh
  };

  base::Mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::oidc
