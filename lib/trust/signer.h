// What every statement of an approver is held against: who signed it, and what it names. For this folder. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/trust/approval.h"
#include "lib/trust/roster.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::trust {

struct Signer {
  const Approver* approver;
  std::string key_id;
};

// Who of the roster signed it alone, in the name of `named` and no other. `what` is "approval", "withdrawal" …
// SIGNATURE_INVALID, APPROVER_UNKNOWN, APPROVER_MISMATCH, KEY_DENIED.
absl::StatusOr<Signer> VerifySigner(const SignedStatement& statement, std::string_view what, std::string_view named,
                                    const Roster& roster);

// Whether `said` names exactly what would move; the reason says which field does not. `whose` begins the sentence: "the
// approval of 'paula'".
absl::Status CheckBinding(std::string_view whose, const Binding& said, const Binding& actual);

}  // namespace crossdock::trust
