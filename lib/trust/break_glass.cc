#include "lib/trust/break_glass.h"

#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/signer.h"
#include "lib/trust/verify_roster.h"

namespace crossdock::trust {
namespace {

constexpr size_t kSigners = 2;

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

absl::StatusOr<const Approver*> FindNamed(const Roster& roster, const std::string& person) {
  const Approver* approver = roster.FindApprover(person);
  if (approver != nullptr) return approver;
  return Refused(kApproverUnknown, "'", person, "' is to break the glass and is no approver of roster ",
                 roster.number());
}

// Both named persons, each by a key of their own.
absl::Status CheckBothSigned(const SignedStatement& statement, const BreakGlass& said, const Roster& roster) {
  if (statement.signatures().size() < kSigners) {
    return Refused(kBreakGlassUnsigned, "one person alone has signed; '", said.first, "' and '", said.second,
                   "' must both");
  }
  std::vector<base::PublicKey> keys;
  std::vector<std::string> persons;
  for (const Signature& signature : std::span(statement.signatures()).first(kSigners)) {
    const std::optional<Roster::ApproverKey> signer = roster.FindApproverKey(signature.key_id);
    if (!signer) {
      return Refused(kApproverUnknown, "it is signed by key ", signature.key_id, ", which no approver of roster ",
                     roster.number(), " holds");
    }
    keys.push_back(signer->key);
    persons.push_back(signer->approver->person);
    RETURN_IF_ERROR(roster.CheckNotDenied(signer->key, base::StrCat("approver '", persons.back(), "'")));
  }
  RETURN_IF_ERROR(statement.VerifyExactly(keys));
  // A roster has an approver under one name, whatever else they are called.
  if (persons[0] == persons[1]) {
    return Refused(kBreakGlassOnePerson, "both signatures are '", persons[0], "'s; another person must sign too");
  }
  if (std::set<std::string>{persons[0], persons[1]} == std::set<std::string>{said.first, said.second}) {
    return absl::OkStatus();
  }
  return Refused(kApproverMismatch, "it names '", said.first, "' and '", said.second, "' but is signed by '",
                 persons[0], "' and '", persons[1], "'");
}

absl::Status CheckBound(const BreakGlass& said, const Binding& actual) {
  const Binding named{said.transfer, said.client, said.project,     said.listing,        actual.content, said.files,
                      said.bytes,    said.source, said.destination, said.classification, said.policy};
  return CheckBinding("the break-glass", named, actual);
}

absl::Status CheckTime(const BreakGlass& said, base::Instant now) {
  if (now + kClockTolerance < said.not_before) {
    return Refused(kBreakGlassNotYetValid, "the glass is broken only from ", base::FormatSeconds(said.not_before));
  }
  if (now >= said.not_after) {
    return Refused(kBreakGlassExpired, "the glass was broken until ", base::FormatSeconds(said.not_after),
                   "; whoever still needs it asks again");
  }
  return absl::OkStatus();
}

absl::StatusOr<VerifiedBreakGlass> Check(BreakGlass said, const Roster& roster, const Binding& expected,
                                         base::Instant now) {
  ASSIGN_OR_RETURN(const Approver* first, FindNamed(roster, said.first));
  ASSIGN_OR_RETURN(const Approver* second, FindNamed(roster, said.second));
  RETURN_IF_ERROR(CheckBound(said, expected));
  RETURN_IF_ERROR(CheckTime(said, now));
  return VerifiedBreakGlass{std::move(said), *first, *second};
}

}  // namespace

absl::StatusOr<VerifiedBreakGlass> VerifyBreakGlass(std::string_view signed_statement, const Roster& roster,
                                                    const Binding& expected, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(BreakGlass said, Decode<BreakGlass>(statement.statement()));
  RETURN_IF_ERROR(CheckBothSigned(statement, said, roster));
  return Check(std::move(said), roster, expected, now);
}

absl::StatusOr<VerifiedBreakGlass> VerifyBreakGlassAsked(std::string_view signed_statement, const Roster& roster,
                                                         const Binding& expected, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(BreakGlass said, Decode<BreakGlass>(statement.statement()));
  RETURN_IF_ERROR(VerifySigner(statement, "break-glass", said.first, roster).status());
  return Check(std::move(said), roster, expected, now);
}

absl::StatusOr<std::string> StatementDigest(std::string_view signed_statement) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  return base::ToHex(base::Sha256(statement.statement()));
}

absl::StatusOr<VerifiedReview> VerifyBreakGlassReview(std::string_view signed_statement, const BreakGlass& reviewed,
                                                      std::string_view digest, const Roster& roster,
                                                      base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(BreakGlassReview said, Decode<BreakGlassReview>(statement.statement()));
  ASSIGN_OR_RETURN(const Signer signer, VerifySigner(statement, "review", said.reviewer, roster));
  if (said.break_glass != digest || said.transfer != reviewed.transfer || said.client != reviewed.client) {
    return Refused(kBreakGlassOtherReview, "the review is of break-glass ", said.break_glass, " of transfer ",
                   said.transfer, ", not of ", digest, " of ", reviewed.transfer);
  }
  if (said.reviewer == reviewed.first || said.reviewer == reviewed.second) {
    return Refused(kBreakGlassOwnReview, "'", said.reviewer,
                   "' broke the glass and cannot review it; somebody else must");
  }
  RETURN_IF_ERROR(CheckNotInFuture(said.reviewed, now, base::StrCat("the review of '", said.reviewer, "'")));
  return VerifiedReview{std::move(said), *signer.approver, signer.key_id};
}

BreakGlass BreakGlassFor(const Binding& binding) {
  BreakGlass statement;
  statement.transfer = binding.transfer;
  statement.client = binding.client;
  statement.project = binding.project;
  statement.listing = binding.listing;
  statement.files = binding.files;
  statement.bytes = binding.bytes;
  statement.source = binding.source;
  statement.destination = binding.destination;
  statement.classification = binding.classification;
  statement.policy = binding.policy;
  return statement;
}

}  // namespace crossdock::trust
