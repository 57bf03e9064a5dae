#include "orchestrator/identity/key_refresh.h"

#include <utility>

#include "lib/base/status.h"
#include "lib/oidc/discovery.h"

namespace crossdock::orchestrator::identity {

KeyRefresh::KeyRefresh(oidc::Providers& providers, std::map<std::string, std::string> ca_files, Fetch fetch)
    : providers_(providers), ca_files_(std::move(ca_files)), fetch_(std::move(fetch)) {}

absl::Status KeyRefresh::RunOnce(base::Instant now) {
  absl::Status first;
  for (const std::string& issuer : providers_.Due(now)) {
    absl::StatusOr<oidc::KeySet> keys = Read(issuer);
    if (keys.ok()) {
      providers_.SetKeys(issuer, *std::move(keys), now);
    } else if (first.ok()) {
      first = base::Annotate(keys.status(), base::StrCat("the keys of ", issuer));
    }
  }
  return first;
}

absl::StatusOr<oidc::KeySet> KeyRefresh::Read(const std::string& issuer) const {
  const auto found = ca_files_.find(issuer);
  const std::string ca_file = found == ca_files_.end() ? std::string() : found->second;
  ASSIGN_OR_RETURN(const std::string configuration, fetch_(oidc::DiscoveryUrl(issuer), ca_file));
  ASSIGN_OR_RETURN(const oidc::Endpoints endpoints, oidc::ReadDiscovery(configuration, issuer));
  ASSIGN_OR_RETURN(const std::string keys, fetch_(endpoints.keys, ca_file));
  return oidc::KeySet::Parse(keys);
}

}  // namespace crossdock::orchestrator::identity
