// An agent's and a relay's credential: the chain from what it shows back to the officers' roster. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"

namespace crossdock::trust {

struct VerifiedAgent {
  std::string agent;
  std::string site;
  base::PublicKey identity_key;
  std::string tls_spki;
  // A grant admits one agent. Who remembers the first identity seen for a grant also notices a second one, made later
  // by somebody who found an old token: its dates are the finder's to choose.
  std::string grant_sha256;
  std::string site_admin;
};

// The grant must be by a site admin of the roster, the identity by the grant's enrolment key and its own, and made
// while the grant was valid; the grant's own expiry means nothing later. The grant's roster_root is for the newcomer
// alone: it is not compared, or each change of officers would strand every agent. Reasons: SIGNATURE_INVALID,
// SITE_UNKNOWN, SITE_ADMIN_UNKNOWN, KEY_DENIED, GRANT_MISMATCH, GRANT_EXPIRED, TIME_IN_FUTURE, STATEMENT_MALFORMED.
absl::StatusOr<VerifiedAgent> VerifyAgentCredential(std::string_view signed_grant, std::string_view signed_identity,
                                                    const Roster& roster, base::Instant now);

// The grant alone: when it is registered, and (with `now` inside its time) when it is used.
absl::StatusOr<JoinGrant> VerifyJoinGrant(std::string_view signed_grant, const Roster& roster);
// GRANT_EXPIRED unless `at` lies in the grant's time, give or take kClockTolerance.
absl::Status CheckGrantTime(const JoinGrant& grant, base::Instant at);

// A relay's statement, by a site admin of its site.
absl::StatusOr<RelayStatement> VerifyRelay(std::string_view signed_statement, const Roster& roster, base::Instant now);

// What a relay checks itself, without a roster: its ticket keys, by the site admin's key that it pinned, and the denial
// list, by a ticket key. A number below `number_min` (the highest seen) is NUMBER_TOO_OLD; expired keys KEYS_EXPIRED.
absl::StatusOr<RelayKeys> VerifyRelayKeys(std::string_view signed_statement, const base::PublicKey& site_admin,
                                          uint64_t number_min, base::Instant now);
absl::StatusOr<RelayDeny> VerifyRelayDeny(std::string_view signed_statement, const base::PublicKey& ticket_key,
                                          uint64_t number_min, base::Instant now);

// A receipt, by the identity key of `agent`, about its own site.
absl::StatusOr<Receipt> VerifyReceipt(std::string_view signed_statement, const VerifiedAgent& agent);

}  // namespace crossdock::trust
