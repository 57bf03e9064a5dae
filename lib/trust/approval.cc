#include "lib/trust/approval.h"

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/signer.h"
#include "lib/trust/statement.h"
#include "lib/trust/verify_roster.h"

namespace crossdock::trust {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

absl::Status CheckBinding(const ApprovalStatement& s, const Binding& b) {
  Binding said{s.transfer, s.client, s.project,     s.listing,        s.content, s.files,
               s.bytes,    s.source, s.destination, s.classification, s.policy};
  // A no that was given before the content was hashed is a no to what then was hashed.
  if (s.decision == ApprovalDecision::kDeny && s.content.empty()) said.content = b.content;
  return CheckBinding(base::StrCat("the approval of '", s.approver, "'"), said, b);
}

absl::Status CheckTime(const ApprovalStatement& s, base::Instant now) {
  if (s.not_after <= s.not_before || s.not_after - s.not_before > kApprovalMax) {
    return Refused(kApprovalTooLong, "the approval of '", s.approver,
                   "' must be valid for more than nothing and at most ", kApprovalMax.count(), " days");
  }
  if (now + kClockTolerance < s.not_before) {
    return Refused(kApprovalNotYetValid, "the approval of '", s.approver, "' is valid only from ",
                   base::FormatSeconds(s.not_before));
  }
  // No tolerance here: an approval that has expired has expired. A no does not.
  if (now >= s.not_after && s.decision == ApprovalDecision::kApprove) {
    return Refused(kApprovalExpired, "the approval of '", s.approver, "' expired at ", base::FormatSeconds(s.not_after),
                   "; ask for a new one");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Word> ReadWord(std::string_view statement) {
  if (KindOf(statement) != DenialStatement::kKind) {
    ASSIGN_OR_RETURN(ApprovalStatement said, Decode<ApprovalStatement>(statement));
    return Word{std::move(said), ""};
  }
  ASSIGN_OR_RETURN(DenialStatement denial, Decode<DenialStatement>(statement));
  ApprovalStatement said;
  said.transfer = std::move(denial.transfer);
  said.client = std::move(denial.client);
  said.project = std::move(denial.project);
  said.listing = std::move(denial.listing);
  said.content = std::move(denial.content);
  said.files = denial.files;
  said.bytes = denial.bytes;
  said.source = std::move(denial.source);
  said.destination = std::move(denial.destination);
  said.classification = std::move(denial.classification);
  said.policy = std::move(denial.policy);
  said.requirement = std::move(denial.requirement);
  said.decision = ApprovalDecision::kDeny;
  said.not_before = denial.denied;
  said.not_after = denial.denied + kApprovalMax;
  said.approver = std::move(denial.approver);
  said.nonce = std::move(denial.nonce);
  return Word{std::move(said), std::move(denial.reason)};
}

absl::StatusOr<std::string> ApprovalDigest(std::string_view signed_approval) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_approval));
  return base::ToHex(base::Sha256(statement.statement()));
}

absl::StatusOr<VerifiedApproval> VerifyApproval(std::string_view signed_statement, const Roster& roster,
                                                const Binding& expected, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(Word word, ReadWord(statement.statement()));
  ApprovalStatement& fields = word.statement;
  ASSIGN_OR_RETURN(const Signer signer, VerifySigner(statement, "approval", fields.approver, roster));
  RETURN_IF_ERROR(CheckBinding(fields, expected));
  RETURN_IF_ERROR(CheckTime(fields, now));
  const Approver& approver = *signer.approver;
  return VerifiedApproval{std::move(fields),     approver.person, approver.name, approver.team,
                          approver.organisation, approver.groups, signer.key_id, std::move(word.reason)};
}

absl::StatusOr<VerifiedWithdrawal> VerifyWithdrawal(std::string_view signed_statement, const Roster& roster,
                                                    base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(Withdrawal fields, Decode<Withdrawal>(statement.statement()));
  ASSIGN_OR_RETURN(const Signer signer, VerifySigner(statement, "withdrawal", fields.approver, roster));
  RETURN_IF_ERROR(CheckNotInFuture(fields.withdrawn, now, base::StrCat("the withdrawal of '", fields.approver, "'")));
  return VerifiedWithdrawal{std::move(fields), signer.approver->person, signer.approver->name, signer.key_id};
}

absl::StatusOr<VerifiedDelegation> VerifyDelegation(std::string_view signed_statement, const Roster& roster,
                                                    base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(Delegation fields, Decode<Delegation>(statement.statement()));
  ASSIGN_OR_RETURN(const Signer signer, VerifySigner(statement, "delegation", fields.approver, roster));
  if (roster.FindApprover(fields.delegate) == nullptr) {
    return Refused(kDelegateUnknown, "'", fields.approver, "' names '", fields.delegate,
                   "', who is no approver of roster ", roster.number());
  }
  if (now + kClockTolerance < fields.not_before) {
    return Refused(kDelegationNotYetValid, "'", fields.delegate, "' stands in for '", fields.approver, "' only from ",
                   base::FormatSeconds(fields.not_before));
  }
  if (now >= fields.not_after) {
    return Refused(kDelegationExpired, "'", fields.delegate, "' stood in for '", fields.approver, "' until ",
                   base::FormatSeconds(fields.not_after));
  }
  return VerifiedDelegation{std::move(fields), *signer.approver, signer.key_id};
}

absl::StatusOr<VerifiedDelegationEnd> VerifyDelegationEnd(std::string_view signed_statement, const Roster& roster,
                                                          base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(DelegationEnd fields, Decode<DelegationEnd>(statement.statement()));
  ASSIGN_OR_RETURN(const Signer signer, VerifySigner(statement, "end of a delegation", fields.approver, roster));
  RETURN_IF_ERROR(
      CheckNotInFuture(fields.ended, now, base::StrCat("the end of a delegation by '", fields.approver, "'")));
  return VerifiedDelegationEnd{std::move(fields), signer.approver->person, signer.approver->name, signer.key_id};
}

ApprovalStatement ApprovalFor(const Binding& binding, std::string_view requirement) {
  ApprovalStatement statement;
  statement.transfer = binding.transfer;
  statement.client = binding.client;
  statement.project = binding.project;
  statement.listing = binding.listing;
  statement.content = binding.content;
  statement.files = binding.files;
  statement.bytes = binding.bytes;
  statement.source = binding.source;
  statement.destination = binding.destination;
  statement.classification = binding.classification;
  statement.policy = binding.policy;
  statement.requirement = requirement;
  return statement;
}

}  // namespace crossdock::trust
