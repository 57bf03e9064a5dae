#include "lib/trust/verify_roster.h"

#include <algorithm>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::trust {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

// Whether enough officers of `roster` signed. A key that the roster itself denies does not count.
absl::Status CheckThreshold(const SignedStatement& statement, const Roster& roster, std::string_view whose) {
  const auto signers = std::count_if(roster.officers().begin(), roster.officers().end(), [&](const Officer& officer) {
    return !roster.denied().contains(base::KeyId(officer.key)) && statement.SignedBy(officer.key);
  });
  if (static_cast<size_t>(signers) >= roster.threshold()) return absl::OkStatus();
  return Refused(kRosterUnsigned, "the new roster has ", signers, " valid signatures of the officers of ", whose,
                 ", which asks for ", roster.threshold(), "; let more officers sign it (crossdock roster sign)");
}

absl::Status CheckBody(const RosterStatement& statement, const Roster& roster) {
  if (roster.body_sha256() != statement.body_sha256) {
    return Refused(kRosterBodyChanged, "the roster's body is not the one that was signed: its SHA-256 is ",
                   roster.body_sha256(), ", the signed one is ", statement.body_sha256);
  }
  if (roster.number() != statement.number || roster.expires() != statement.expires) {
    return Refused(kRosterInvalid, "the roster's body and its signed statement differ in number or expiry");
  }
  return absl::OkStatus();
}

absl::Status CheckSuccession(const Roster& next, const Roster& held) {
  if (next.number() < held.number()) {
    return Refused(kRosterTooOld, "roster ", next.number(), " is older than roster ", held.number(), " held here");
  }
  if (next.number() == held.number() && next.body_sha256() != held.body_sha256()) {
    return Refused(kRosterForked, "there are two different rosters with number ", next.number(),
                   "; somebody signed twice: keep both and tell the officers");
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckNotInFuture(base::Instant signed_at, base::Instant now, std::string_view what) {
  if (signed_at <= now + kClockTolerance) return absl::OkStatus();
  return Refused(kTimeInFuture, what, " is dated ", base::FormatSeconds(signed_at), " but it is ",
                 base::FormatSeconds(now), " here; one of the two clocks is wrong");
}

absl::StatusOr<Roster> VerifyRosterStep(std::string_view body, std::string_view signed_statement,
                                        const RosterAnchor& anchor, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(const RosterStatement fields, Decode<RosterStatement>(statement.statement()));
  ASSIGN_OR_RETURN(Roster roster, Roster::Parse(body, "roster"));
  RETURN_IF_ERROR(CheckBody(fields, roster));
  if (anchor.held != nullptr) {
    RETURN_IF_ERROR(CheckThreshold(statement, *anchor.held, base::StrCat("roster ", anchor.held->number())));
    RETURN_IF_ERROR(CheckSuccession(roster, *anchor.held));
  } else if (roster.Root() != anchor.root) {
    return Refused(kRosterRootMismatch, "roster ", roster.number(), " has the officers' root ", roster.Root(), ", but ",
                   anchor.root, " is pinned here");
  }
  // Its own officers too: a roster that they cannot replace would be the last one.
  RETURN_IF_ERROR(CheckThreshold(statement, roster, "the new roster itself"));
  RETURN_IF_ERROR(CheckNotInFuture(fields.issued, now, base::StrCat("roster ", roster.number())));
  return roster;
}

absl::StatusOr<Roster> VerifyRoster(std::string_view body, std::string_view signed_statement,
                                    const RosterAnchor& anchor, base::Instant now) {
  ASSIGN_OR_RETURN(Roster roster, VerifyRosterStep(body, signed_statement, anchor, now));
  RETURN_IF_ERROR(roster.CheckFresh(now));
  return roster;
}

absl::StatusOr<PolicyActivation> VerifyPolicyActivation(std::string_view signed_statement, const Roster& roster,
                                                        std::string_view client, std::string_view digest,
                                                        const std::optional<Seen>& seen, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(PolicyActivation activation, Decode<PolicyActivation>(statement.statement()));
  const Officer* officer = roster.FindOfficer(activation.officer);
  if (officer == nullptr) {
    return Refused(kOfficerUnknown, "the policy was activated by '", activation.officer,
                   "', who is no officer of roster ", roster.number());
  }
  RETURN_IF_ERROR(roster.CheckNotDenied(officer->key, base::StrCat("officer '", officer->name, "'")));
  RETURN_IF_ERROR(statement.VerifyExactly(officer->key));
  if (activation.client != client || activation.digest != digest) {
    return Refused(kPolicyNotActive, "the officer activated policy ", activation.digest, " for client ",
                   activation.client, ", not policy ", digest, " for client ", client);
  }
  if (seen && activation.number < seen->number) {
    return Refused(kPolicyTooOld, "policy ", activation.number, " of client ", client, " is older than number ",
                   seen->number, " seen here");
  }
  if (seen && activation.number == seen->number && digest != seen->digest) {
    return Refused(kPolicyForked, "client ", client, " has two different policies with number ", activation.number);
  }
  RETURN_IF_ERROR(CheckNotInFuture(activation.activated, now, "the policy's activation"));
  return activation;
}

}  // namespace crossdock::trust
