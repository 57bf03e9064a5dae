#include "lib/trust/signer.h"

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"

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

}  // namespace

absl::StatusOr<Signer> VerifySigner(const SignedStatement& statement, std::string_view what, std::string_view named,
                                    const Roster& roster) {
  const std::string& key_id = statement.signatures()[0].key_id;
  const std::optional<Roster::ApproverKey> signer = roster.FindApproverKey(key_id);
  if (!signer) {
    return Refused(kApproverUnknown, "the ", what, " names '", named, "' and is signed by key ", key_id,
                   ", which no approver of roster ", roster.number(), " holds");
  }
  RETURN_IF_ERROR(statement.VerifyExactly(signer->key));
  if (signer->approver->person != named) {
    return Refused(kApproverMismatch, "the ", what, " names '", named, "' but is signed by the key of '",
                   signer->approver->person, "'");
  }
  RETURN_IF_ERROR(roster.CheckNotDenied(signer->key, base::StrCat("approver '", named, "'")));
  return Signer{signer->approver, key_id};
}

absl::Status CheckBinding(std::string_view whose, const Binding& said, const Binding& actual) {
  const BoundField fields[] = {
      {"transfer", kTransferMismatch, said.transfer, actual.transfer},
      {"client", kClientMismatch, said.client, actual.client},
      {"project", kProjectMismatch, said.project, actual.project},
      {"listing", kListingChanged, said.listing, actual.listing},
      {"content", said.content.empty() ? kContentNotBound : kContentChanged, said.content, actual.content},
      {"files", kListingChanged, base::StrCat(said.files), base::StrCat(actual.files)},
      {"bytes", kListingChanged, base::StrCat(said.bytes), base::StrCat(actual.bytes)},
      {"source", kSourceChanged, said.source, actual.source},
      {"destination", kDestinationChanged, said.destination, actual.destination},
      {"classification", kClassificationChanged, said.classification, actual.classification},
      {"policy", kPolicyChanged, said.policy, actual.policy},
  };
  for (const BoundField& field : fields) {
    if (field.signed_value == field.actual_value) continue;
    return Refused(field.reason, whose, " is for ", field.name, " '", field.signed_value,
                   "', but what would move has '", field.actual_value, "'; ask for a new one");
  }
  return absl::OkStatus();
}

}  // namespace crossdock::trust
