#include "orchestrator/core/role_grant.h"

#include <algorithm>
#include <utility>

#include "lib/base/status.h"

namespace crossdock::orchestrator {
namespace {

constexpr std::pair<std::string_view, std::string_view> kExclusions[] = {
    {"identity-admin", "approver"},
    {"identity-admin", "policy-approver"},
    {"policy-author", "policy-approver"},
};

bool Meet(const HeldRole& a, const HeldRole& b) { return a.client.empty() || b.client.empty() || a.client == b.client; }

}  // namespace

GrantState StateOf(const RoleGrant& grant, base::Instant now) {
  if (grant.ended) return grant.ending == "suspended" ? GrantState::kSuspended : GrantState::kRevoked;
  const bool expired = now >= grant.expires;
  const bool missed = grant.attest_by && now >= *grant.attest_by;
  // Whichever came first.
  if (missed && (!expired || *grant.attest_by < grant.expires)) return GrantState::kSuspended;
  return expired ? GrantState::kExpired : GrantState::kLive;
}

std::string_view Name(GrantState state) {
  switch (state) {
    case GrantState::kLive:
      return "live";
    case GrantState::kExpired:
      return "expired";
    case GrantState::kRevoked:
      return "revoked";
    case GrantState::kSuspended:
      return "suspended";
  }
  return "unknown";
}

bool Excludes(std::string_view a, std::string_view b) {
  return std::any_of(std::begin(kExclusions), std::end(kExclusions), [&](const auto& pair) {
    return (pair.first == a && pair.second == b) || (pair.first == b && pair.second == a);
  });
}

absl::Status CheckExclusions(std::string_view person, const HeldRole& wanted, std::span<const HeldRole> held) {
  for (const HeldRole& each : held) {
    if (!Excludes(wanted.role, each.role) || !Meet(wanted, each)) continue;
    return base::WithReason(
        base::FailedPrecondition("'", person, "' is ", each.role,
                                 each.client.empty() ? "" : base::StrCat(" of client ", each.client),
                                 ", and one person is never ", wanted.role, " as well: give it to somebody else"),
        "ROLE_EXCLUDED");
  }
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator
