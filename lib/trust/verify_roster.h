// Whether to believe a roster, and the policy activations that its officers sign. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"

namespace crossdock::trust {

// Where belief starts: the roster held now, or, for a newcomer, the root that the join grant carried.
struct RosterAnchor {
  const Roster* held = nullptr;
  std::string_view root;  // used when nothing is held
};

// The roster, when `signed_statement` is about exactly `body`, is fresh at `now`, and is signed by the threshold of the
// held roster's officers (or has the pinned root) and by its own. The number only rises; the very same roster again is
// fine. Reasons: ROSTER_*, SIGNATURE_INVALID, STATEMENT_MALFORMED, TIME_IN_FUTURE.
//
// After officers have changed twice a verifier needs the roster between: hand it each in turn, oldest first. A roster
// between may have expired, so that a long outage strands nobody: verify it with VerifyRosterStep, and the last one
// with VerifyRoster.
absl::StatusOr<Roster> VerifyRoster(std::string_view body, std::string_view signed_statement,
                                    const RosterAnchor& anchor, base::Instant now);
// The same, but does not ask whether it has expired.
absl::StatusOr<Roster> VerifyRosterStep(std::string_view body, std::string_view signed_statement,
                                        const RosterAnchor& anchor, base::Instant now);

// The highest number that a verifier has seen, with what it was about; kept on disk.
struct Seen {
  uint64_t number = 0;
  std::string digest;
};

// The activation, when an officer of `roster` signed it for `client` and `digest`. `seen` refuses a lower number, and
// another digest under the same number. Reasons: POLICY_NOT_ACTIVE, POLICY_TOO_OLD, POLICY_FORKED,
// POLICY_OFFICER_UNKNOWN, KEY_DENIED, SIGNATURE_INVALID, STATEMENT_MALFORMED, TIME_IN_FUTURE.
absl::StatusOr<PolicyActivation> VerifyPolicyActivation(std::string_view signed_statement, const Roster& roster,
                                                        std::string_view client, std::string_view digest,
                                                        const std::optional<Seen>& seen, base::Instant now);

// TIME_IN_FUTURE when `signed_at` is later than `now` by more than kClockTolerance.
absl::Status CheckNotInFuture(base::Instant signed_at, base::Instant now, std::string_view what);

}  // namespace crossdock::trust
