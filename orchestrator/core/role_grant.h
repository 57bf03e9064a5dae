// Roles that people are given for a time, and which of them one person does not hold together. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "lib/base/clock.h"

namespace crossdock::orchestrator {

struct RoleGrant {
  std::string id;
  std::string person;  // as the roster calls them; likewise granted_by
  std::string role;    // "policy-author"
  std::string client;  // empty: the whole studio
  std::string reason;
  std::string granted_by;
  base::Instant granted;
  base::Instant expires;
  std::optional<base::Instant> ended;
  std::string ended_by;
  std::string ending;  // "revoked", "suspended"; empty while `ended` is nothing
  // The end of the open review in which nobody has attested it; from then on it is suspended, whoever notices when.
  std::optional<base::Instant> attest_by;
};

enum class GrantState { kLive, kExpired, kRevoked, kSuspended };

// To the instant: at `expires` itself it is over.
GrantState StateOf(const RoleGrant& grant, base::Instant now);
// "live"
std::string_view Name(GrantState state);

struct HeldRole {
  std::string role;
  std::string client;  // empty: the whole studio
};

// Whether nobody holds the two together: who says who may do what approves nothing; who writes a policy puts none in
// force.
bool Excludes(std::string_view a, std::string_view b);
// ROLE_EXCLUDED when `person`, who holds `held`, must not be given `wanted` for a client that both reach.
absl::Status CheckExclusions(std::string_view person, const HeldRole& wanted, std::span<const HeldRole> held);

}  // namespace crossdock::orchestrator
