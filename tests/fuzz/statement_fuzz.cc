// Any bytes as a statement, a signed statement and each kind of statement: there is one spelling of whatever is read.
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/statement.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

template <typename Kind>
bool CheckKind(std::string_view text) {
  const absl::StatusOr<Kind> statement = trust::Decode<Kind>(text);
  if (!statement.ok()) {
    CheckRefusal(statement.status());
    return false;
  }
  INVARIANT(trust::KindOf(text) == Kind::kKind) << "read as another kind";
  const absl::StatusOr<std::string> again = trust::Encode(*statement);
  INVARIANT(again.ok() && *again == text) << "two spellings of one " << Kind::kKind;
  return true;
}

template <typename... Kinds>
int CheckKinds(std::string_view text) {
  return (0 + ... + int{CheckKind<Kinds>(text)});
}

}  // namespace

bool FuzzStatement(std::string_view input) {
  const absl::StatusOr<trust::SignedStatement> sealed = trust::SignedStatement::Parse(input);
  if (sealed.ok()) {
    INVARIANT(sealed->Format() == input) << "two spellings of one signed statement";
    INVARIANT(sealed->signatures().size() <= trust::kSignaturesMax) << sealed->signatures().size();
    INVARIANT(!trust::SignedStatement::Parse(sealed->statement()).ok()) << "unsigned, and read as signed";
  } else {
    CheckRefusal(sealed.status());
  }

  const std::string_view text = sealed.ok() ? std::string_view(sealed->statement()) : input;
  const absl::StatusOr<trust::Statement> statement = trust::ParseStatement(text);
  const int kinds = CheckKinds<trust::RosterStatement, trust::PolicyActivation, trust::JoinGrant, trust::AgentIdentity,
                               trust::RelayStatement, trust::RelayKeys, trust::RelayDeny, trust::ApprovalStatement,
                               trust::DenialStatement, trust::Withdrawal, trust::Delegation, trust::DelegationEnd,
                               trust::BreakGlass, trust::BreakGlassReview, trust::Receipt>(text);
  INVARIANT(kinds <= (statement.ok() ? 1 : 0)) << "one text, read as " << kinds << " kinds";
  if (!statement.ok()) {
    CheckRefusal(statement.status());
    return false;
  }
  INVARIANT(trust::FormatStatement(*statement) == text) << "two spellings of one statement";
  return true;
}

}  // namespace crossdock::fuzz
