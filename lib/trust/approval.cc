#include "lib/trust/approval.h"

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

struct BoundField {
  std::string_view name;
  std::string_view reason;
  std::string signed_value;
  std::string actual_value;
};

absl::Status CheckBinding(const ApprovalStatement& s, const Binding& b) {
  const BoundField fields[] = {
      {"transfer", kTransferMismatch, s.transfer, b.transfer},
      {"client", kClientMismatch, s.client, b.client},
      {"project", kProjectMismatch, s.project, b.project},
      {"listing", kListingChanged, s.listing, b.listing},
      {"content", s.content.empty() ? kContentNotBound : kContentChanged, s.content, b.content},
      {"files", kListingChanged, base::StrCat(s.files), base::StrCat(b.files)},
      {"bytes", kListingChanged, base::StrCat(s.bytes), base::StrCat(b.bytes)},
      {"source", kSourceChanged, s.source, b.source},
      {"destination", kDestinationChanged, s.destination, b.destination},
      {"classification", kClassificationChanged, s.classification, b.classification},
      {"policy", kPolicyChanged, s.policy, b.policy},
  };
  for (const BoundField& field : fields) {
    if (field.signed_value == field.actual_value) continue;
    return Refused(field.reason, "the approval of '", s.approver, "' is for ", field.name, " '", field.signed_value,
                   "', but what would move has '", field.actual_value, "'; ask for a new approval");
  }
  return absl::OkStatus();
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
  // No tolerance here: an approval that has expired has expired.
  if (now >= s.not_after) {
    return Refused(kApprovalExpired, "the approval of '", s.approver, "' expired at ", base::FormatSeconds(s.not_after),
                   "; ask for a new one");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<VerifiedApproval> VerifyApproval(std::string_view signed_statement, const Roster& roster,
                                                const Binding& expected, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(ApprovalStatement fields, Decode<ApprovalStatement>(statement.statement()));
  const std::string& key_id = statement.signatures()[0].key_id;
  const std::optional<Roster::ApproverKey> signer = roster.FindApproverKey(key_id);
  if (!signer) {
    return Refused(kApproverUnknown, "the approval names '", fields.approver, "' and is signed by key ", key_id,
                   ", which no approver of roster ", roster.number(), " holds");
  }
  RETURN_IF_ERROR(statement.VerifyExactly(signer->key));
  const Approver& approver = *signer->approver;
  if (approver.person != fields.approver) {
    return Refused(kApproverMismatch, "the approval names '", fields.approver, "' but is signed by the key of '",
                   approver.person, "'");
  }
  RETURN_IF_ERROR(roster.CheckNotDenied(signer->key, base::StrCat("approver '", approver.person, "'")));
  RETURN_IF_ERROR(CheckBinding(fields, expected));
  RETURN_IF_ERROR(CheckTime(fields, now));
  return VerifiedApproval{std::move(fields),     approver.person, approver.name, approver.team,
                          approver.organisation, approver.groups, key_id};
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
