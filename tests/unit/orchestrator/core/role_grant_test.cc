#include "orchestrator/core/role_grant.h"

#include <vector>

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::orchestrator {
namespace {

const base::Instant kGranted = *base::ParseInstant("2026-11-20T10:00:00Z");
const base::Instant kExpires = kGranted + std::chrono::hours(24);
constexpr std::chrono::microseconds kTick{1};

RoleGrant Granted() {
  RoleGrant grant;
  grant.person = "ana";
  grant.role = "operator";
  grant.granted = kGranted;
  grant.expires = kExpires;
  return grant;
}

TEST_CASE("a grant is live until its end, and at that very instant no more") {
  CHECK(StateOf(Granted(), kExpires - kTick) == GrantState::kLive);
  CHECK(StateOf(Granted(), kExpires) == GrantState::kExpired);
}

TEST_CASE("what nobody attested is suspended from the review's end on, whenever that is written down") {
  RoleGrant grant = Granted();
  grant.attest_by = kExpires - std::chrono::hours(1);
  CHECK(StateOf(grant, *grant.attest_by - kTick) == GrantState::kLive);
  CHECK(StateOf(grant, *grant.attest_by) == GrantState::kSuspended);
  CHECK(StateOf(grant, kExpires) == GrantState::kSuspended);
  grant.attest_by = kExpires + std::chrono::hours(1);
  CHECK(StateOf(grant, kExpires) == GrantState::kExpired);
}

TEST_CASE("a grant that somebody ended stays as it ended") {
  RoleGrant grant = Granted();
  grant.ended = kGranted;
  grant.ending = "revoked";
  CHECK(StateOf(grant, kExpires) == GrantState::kRevoked);
  grant.ending = "suspended";
  CHECK(StateOf(grant, kGranted) == GrantState::kSuspended);
}

TEST_CASE("nobody says who may do what and approves, nor writes a policy and puts it in force") {
  const auto reason = [](const HeldRole& wanted, const std::vector<HeldRole>& held) {
    return base::ReasonOf(CheckExclusions("ana", wanted, held));
  };
  CHECK(reason({"approver", ""}, {{"viewer", ""}, {"identity-admin", ""}}) == "ROLE_EXCLUDED");
  CHECK(reason({"identity-admin", ""}, {{"approver", "acme"}}) == "ROLE_EXCLUDED");
  CHECK(reason({"policy-approver", ""}, {{"policy-author", "acme"}}) == "ROLE_EXCLUDED");
  CHECK(reason({"policy-author", "acme"}, {{"policy-approver", ""}}) == "ROLE_EXCLUDED");
  CHECK(CheckExclusions("ana", {"approver", ""}, std::vector<HeldRole>{{"operator", ""}}).ok());
}

TEST_CASE("roles of two clients that do not meet do not exclude each other") {
  const std::vector<HeldRole> author{{"policy-author", "acme"}};
  CHECK(CheckExclusions("ana", {"policy-approver", "northlight"}, author).ok());
  CHECK_FALSE(CheckExclusions("ana", {"policy-approver", "acme"}, author).ok());
}

}  // namespace
}  // namespace crossdock::orchestrator
