#include "orchestrator/api/sign_in.h"

#include <algorithm>
#include <utility>

#include "lib/base/status.h"
#include "lib/trust/roster.h"

namespace crossdock::orchestrator::api {

bool NeedsSecondFactor(rpc::Role role) {
  switch (role) {
    case rpc::Role::kViewer:
    case rpc::Role::kRequester:
    case rpc::Role::kOperator:
    case rpc::Role::kAuditor:
      return false;
    case rpc::Role::kApprover:
    case rpc::Role::kPolicyAuthor:
    case rpc::Role::kPolicyApprover:
    case rpc::Role::kRosterSigner:
    case rpc::Role::kSiteAdmin:
    case rpc::Role::kIdentityAdmin:
      return true;
  }
  return true;
}

SignIn::SignIn(oidc::Providers& providers, const base::Clock& clock,
               std::map<std::string, RolesOfGroups> roles_of_issuers)
    : providers_(providers), clock_(clock), roles_(std::move(roles_of_issuers)) {}

absl::StatusOr<rpc::Caller> SignIn::CallerOf(std::string_view token) const {
  ASSIGN_OR_RETURN(const oidc::Providers::Verified verified, providers_.Verify(token, clock_.Now()));
  rpc::Caller caller;
  caller.kind = rpc::CallerKind::kUser;
  // With its issuer: two providers may call two persons alike.
  caller.subject = trust::SubjectOf({verified.issuer, verified.identity.person});
  caller.lacks_second_factor = !verified.identity.mfa;
  const auto groups = roles_.find(verified.issuer);
  if (groups == roles_.end()) return caller;
  for (const std::string& group : verified.identity.groups) {
    const auto roles = groups->second.find(group);
    if (roles == groups->second.end()) continue;
    for (const rpc::Role role : roles->second) {
      if (std::find(caller.roles.begin(), caller.roles.end(), role) != caller.roles.end()) continue;
      if (NeedsSecondFactor(role) && !verified.identity.mfa) {
        caller.advice = "sign in with a second factor: some of your roles need one";
        continue;
      }
      caller.roles.push_back(role);
    }
  }
  return caller;
}

}  // namespace crossdock::orchestrator::api
