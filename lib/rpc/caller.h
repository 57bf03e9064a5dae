// Who calls, and what they may do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/rpc/identity.h"

namespace crossdock::rpc {

enum class Role {
  kViewer,
  kRequester,
  kOperator,
  kApprover,
  kAuditor,
  kPolicyAuthor,
  kPolicyApprover,
  kRosterSigner,
  kSiteAdmin,
  kIdentityAdmin,
};
inline constexpr Role kAllRoles[] = {Role::kViewer,    Role::kRequester,    Role::kOperator,       Role::kApprover,
                                     Role::kAuditor,   Role::kPolicyAuthor, Role::kPolicyApprover, Role::kRosterSigner,
                                     Role::kSiteAdmin, Role::kIdentityAdmin};

// "policy-author", and back.
std::string_view RoleName(Role role);
std::optional<Role> RoleOf(std::string_view name);

// What a method demands. A permission is held through roles, but for the first two, which are not for people.
enum class Permission {
  kAnonymous,         // anybody who reached the port; the method checks a signed statement itself
  kAgent,             // an agent, by its certificate
  kView,              // see transfers, events, sites, policies
  kPublishEvent,      // hand in events
  kRequest,           // make a transfer
  kOperate,           // cancel, pause, resume, retry, links
  kApprove,           // hand in approvals
  kAudit,             // read the audit log
  kProposePolicy,     // policies and triggers
  kActivatePolicy,    // put a policy in force
  kSetRoster,         // hand in a roster, deny keys
  kAdministerSite,    // grants, relays, their keys
  kAdministerTokens,  // API tokens, and roles of people
  kReviewAccess,      // see who holds which role, and the reviews of that
};
inline constexpr Permission kAllPermissions[] = {
    Permission::kAnonymous,        Permission::kAgent,          Permission::kView,      Permission::kPublishEvent,
    Permission::kRequest,          Permission::kOperate,        Permission::kApprove,   Permission::kAudit,
    Permission::kProposePolicy,    Permission::kActivatePolicy, Permission::kSetRoster, Permission::kAdministerSite,
    Permission::kAdministerTokens, Permission::kReviewAccess};

// "administer sites": for messages.
std::string_view PermissionName(Permission permission);

enum class CallerKind { kAnonymous, kAgent, kUser, kToken };

// A role that was given for one client.
struct ClientRole {
  Role role;
  std::string client;
};

struct Caller {
  CallerKind kind = CallerKind::kAnonymous;
  // For the audit log: "agent:lon/lon-1", "token:hook"; of a person "user:sam", of an account of nobody whom the roster
  // knows "user:https://id.studio.example#sam".
  std::string subject;
  std::string person;  // of the roster; empty: none
  SpiffeId id;         // agents and users with a certificate
  std::string spki_sha256;
  std::vector<Role> roles;
  std::vector<ClientRole> client_roles;  // held only when acting for that client
  std::string client;                    // when not empty: sees and acts for this client only
  bool lacks_second_factor = false;      // signed in by a token of an identity provider that says of none
  std::string advice;                    // when not empty: what to do about a permission that lacks
};

// The header by which a caller says for which client it acts.
inline constexpr char kActingForHeader[] = "crossdock-for";

// The caller when it acts for `client`: with what it holds for that one too, and bound to it. CLIENT_MISMATCH when it
// is bound to another. With an empty one as it is, but for whoever holds roles of one client alone: who else could be
// meant?
absl::StatusOr<Caller> ActingFor(Caller caller, std::string_view client);

// Whether `role` holds `permission`.
bool Holds(Role role, Permission permission);
// Whether the caller does, by what it is or by one of its roles.
bool Holds(const Caller& caller, Permission permission);

}  // namespace crossdock::rpc
