// Brings the keys of identity providers, when they are due.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/oidc/providers.h"

namespace crossdock::orchestrator::identity {

// Not thread-safe: one duty's.
class KeyRefresh {
 public:
  using Fetch = std::function<absl::StatusOr<std::string>(const std::string& url, const std::string& ca_file)>;

  // `ca_files`: issuer → the authorities to believe when it is asked; none: the system's. `providers` outlives it.
  KeyRefresh(oidc::Providers& providers, std::map<std::string, std::string> ca_files, Fetch fetch);

  // Of all that are due; the first error, after all were tried. What was known before stays.
  absl::Status RunOnce(base::Instant now);

 private:
  absl::StatusOr<oidc::KeySet> Read(const std::string& issuer) const;

  oidc::Providers& providers_;
  const std::map<std::string, std::string> ca_files_;
  const Fetch fetch_;
};

}  // namespace crossdock::orchestrator::identity
