#include "lib/rpc/caller.h"

#include <algorithm>

#include "lib/base/status.h"

namespace crossdock::rpc {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kViewer:
      return "viewer";
    case Role::kRequester:
      return "requester";
    case Role::kOperator:
      return "operator";
    case Role::kApprover:
      return "approver";
    case Role::kAuditor:
      return "auditor";
    case Role::kPolicyAuthor:
      return "policy-author";
    case Role::kPolicyApprover:
      return "policy-approver";
    case Role::kRosterSigner:
      return "roster-signer";
    case Role::kSiteAdmin:
      return "site-admin";
    case Role::kIdentityAdmin:
      return "identity-admin";
  }
  return "";
}

std::optional<Role> RoleOf(std::string_view name) {
  for (const Role role : kAllRoles) {
    if (RoleName(role) == name) return role;
  }
  return std::nullopt;
}

std::string_view PermissionName(Permission permission) {
  switch (permission) {
    case Permission::kAnonymous:
      return "call";
    case Permission::kAgent:
      return "act as an agent";
    case Permission::kView:
      return "view";
    case Permission::kPublishEvent:
      return "publish events";
    case Permission::kRequest:
      return "request transfers";
    case Permission::kOperate:
      return "operate transfers";
    case Permission::kApprove:
      return "approve";
    case Permission::kAudit:
      return "read the audit log";
    case Permission::kProposePolicy:
      return "propose policies and triggers";
    case Permission::kActivatePolicy:
      return "activate policies";
    case Permission::kSetRoster:
      return "set the roster or deny keys";
    case Permission::kAdministerSite:
      return "administer sites";
    case Permission::kAdministerTokens:
      return "administer tokens and roles";
    case Permission::kReviewAccess:
      return "see who may do what";
  }
  return "";
}

bool Holds(Role role, Permission permission) {
  // Everybody with a role may look, except the auditor's log and what is not for people at all.
  switch (permission) {
    case Permission::kAnonymous:
      return true;
    case Permission::kAgent:
      return false;
    case Permission::kView:
      // Who administers identities needs none of the studio's work.
      return role != Role::kIdentityAdmin;
    case Permission::kPublishEvent:
    case Permission::kRequest:
      return role == Role::kRequester || role == Role::kOperator;
    case Permission::kOperate:
      return role == Role::kOperator;
    case Permission::kApprove:
      return role == Role::kApprover;
    case Permission::kAudit:
      return role == Role::kAuditor;
    case Permission::kProposePolicy:
      return role == Role::kPolicyAuthor;
    case Permission::kActivatePolicy:
      return role == Role::kPolicyApprover;
    case Permission::kSetRoster:
      return role == Role::kRosterSigner;
    case Permission::kAdministerSite:
      return role == Role::kSiteAdmin;
    case Permission::kAdministerTokens:
      return role == Role::kIdentityAdmin;
    case Permission::kReviewAccess:
      return role == Role::kIdentityAdmin || role == Role::kAuditor;
  }
  return false;
}

absl::StatusOr<Caller> ActingFor(Caller caller, std::string_view client) {
  std::string chosen(client);
  if (chosen.empty() && caller.client.empty() && caller.roles.empty() && !caller.client_roles.empty()) {
    chosen = caller.client_roles.front().client;
    for (const ClientRole& each : caller.client_roles) {
      if (each.client != chosen) chosen.clear();
    }
  }
  if (!caller.client.empty() && !client.empty() && caller.client != client) {
    return base::WithReason(base::PermissionDenied(caller.subject, " is bound to another client"), "CLIENT_MISMATCH");
  }
  if (chosen.empty()) {
    if (!caller.client_roles.empty()) {
      if (!caller.advice.empty()) caller.advice += "; ";
      caller.advice += "you hold roles of single clients: say for which you act (crossdock --for CLIENT)";
    }
    return caller;
  }
  for (const ClientRole& each : caller.client_roles) {
    const bool known = std::find(caller.roles.begin(), caller.roles.end(), each.role) != caller.roles.end();
    if (each.client == chosen && !known) caller.roles.push_back(each.role);
  }
  caller.client = chosen;
  return caller;
}

bool Holds(const Caller& caller, Permission permission) {
  if (permission == Permission::kAnonymous) return true;
  if (permission == Permission::kAgent) return caller.kind == CallerKind::kAgent;
  return std::any_of(caller.roles.begin(), caller.roles.end(),
                     [permission](Role role) { return Holds(role, permission); });
}

}  // namespace crossdock::rpc
