#include "lib/oidc/providers.h"

#include <utility>

#include "lib/base/status.h"

namespace crossdock::oidc {

Providers::Providers(const std::vector<Provider>& providers) {
  base::MutexLock lock(mutex_);
  for (const Provider& provider : providers) entries_[provider.issuer].provider = provider;
}

absl::StatusOr<Providers::Verified> Providers::Verify(std::string_view token, base::Instant now) {
  ASSIGN_OR_RETURN(std::string issuer, IssuerOf(token));
  Provider provider;
  std::optional<KeySet> keys;
  {
    base::MutexLock lock(mutex_);
    const auto found = entries_.find(issuer);
    if (found == entries_.end()) {
      return base::WithReason(
          base::Error(absl::StatusCode::kUnauthenticated, "tokens of this issuer are not taken here"),
          "PROVIDER_UNKNOWN");
    }
    provider = found->second.provider;
    if (now - found->second.read < kStale) keys = found->second.keys;
  }
  if (!keys) {
    return base::WithReason(base::Unavailable("the keys of ", issuer, " have not been read: try again in a minute"),
                            "PROVIDER_KEYS_MISSING");
  }
  absl::StatusOr<Identity> identity = oidc::Verify(token, *keys, provider, now);
  if (identity.ok()) return Verified{std::move(issuer), *std::move(identity)};
  if (base::ReasonOf(identity.status()) == "KEY_UNKNOWN") {
    base::MutexLock lock(mutex_);
    entries_.at(issuer).wanted = true;
  }
  return identity.status();
}

std::vector<std::string> Providers::Due(base::Instant now) {
  std::vector<std::string> due;
  base::MutexLock lock(mutex_);
  for (auto& [issuer, entry] : entries_) {
    if (entry.asked && now - *entry.asked < (entry.wanted ? std::chrono::seconds(kRetry) : kRefresh)) continue;
    entry.asked = now;
    due.push_back(issuer);
  }
  return due;
}

void Providers::SetKeys(const std::string& issuer, KeySet keys, base::Instant now) {
  base::MutexLock lock(mutex_);
  const auto found = entries_.find(issuer);
  if (found == entries_.end()) return;
  found->second.keys = std::move(keys);
  found->second.read = now;
  found->second.wanted = false;
}

}  // namespace crossdock::oidc
