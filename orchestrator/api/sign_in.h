// Callers from the tokens of identity providers: the groups of the studio's directory give roles here.
//
// They give no more than roles: whose account it is says the roster (trust::SubjectOf), and whose approval counts, too,
// which needs the approver's own key.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/oidc/providers.h"
#include "lib/rpc/caller.h"

namespace crossdock::orchestrator::api {

using RolesOfGroups = std::map<std::string, std::vector<rpc::Role>>;

// Roles that nobody holds by a token without a second factor: those that say what may move, or who may say so.
bool NeedsSecondFactor(rpc::Role role);

// Thread-safe; everything outlives it.
class SignIn {
 public:
  SignIn(oidc::Providers& providers, const base::Clock& clock, std::map<std::string, RolesOfGroups> roles_of_issuers);

  // What oidc::Providers::Verify says.
  absl::StatusOr<rpc::Caller> CallerOf(std::string_view token) const;

 private:
  oidc::Providers& providers_;
  const base::Clock& clock_;
  const std::map<std::string, RolesOfGroups> roles_;
};

}  // namespace crossdock::orchestrator::api
