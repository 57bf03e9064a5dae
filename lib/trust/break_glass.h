// Whether an emergency's word counts: of two persons for one transfer, and of the third who looks at it afterwards.
// What of a policy it then lifts, and whether those persons may, is policy/break_glass.h. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/trust/approval.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"

namespace crossdock::trust {

// As the roster has the two. Nobody's delegate counts here: they are asked in person.
struct VerifiedBreakGlass {
  BreakGlass statement;
  Approver first;
  Approver second;
};

// The statement, when exactly the two persons that it names signed it, each with a key of theirs, and it names exactly
// what would move, now. The listing stands for the content: an emergency does not wait until everything is hashed.
// Reasons: BREAK_GLASS_UNSIGNED, BREAK_GLASS_ONE_PERSON, BREAK_GLASS_EXPIRED, BREAK_GLASS_NOT_YET_VALID,
// APPROVER_UNKNOWN, APPROVER_MISMATCH, KEY_DENIED, SIGNATURE_INVALID, STATEMENT_MALFORMED, and for what differs those
// of VerifyApproval.
absl::StatusOr<VerifiedBreakGlass> VerifyBreakGlass(std::string_view signed_statement, const Roster& roster,
                                                    const Binding& expected, base::Instant now);

// The same before the second has signed: signed by the first alone. Nothing may move by it.
absl::StatusOr<VerifiedBreakGlass> VerifyBreakGlassAsked(std::string_view signed_statement, const Roster& roster,
                                                         const Binding& expected, base::Instant now);

// SHA-256, lower hex, of the bytes that the signatures are over: the same with one signature or two.
absl::StatusOr<std::string> StatementDigest(std::string_view signed_statement);

struct VerifiedReview {
  BreakGlassReview statement;
  Approver reviewer;
  std::string key_id;
};

// The review of `reviewed`, whose StatementDigest is `digest`, when an approver of the roster who is neither of the two
// signed it. Reasons: as above of signers, BREAK_GLASS_OWN_REVIEW, BREAK_GLASS_OTHER_REVIEW, TIME_IN_FUTURE.
absl::StatusOr<VerifiedReview> VerifyBreakGlassReview(std::string_view signed_statement, const BreakGlass& reviewed,
                                                      std::string_view digest, const Roster& roster, base::Instant now);

// The unsigned statement over `binding`: the persons' fields open.
BreakGlass BreakGlassFor(const Binding& binding);

}  // namespace crossdock::trust
