// Approvals that are taken back.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Verifies the approver's signed withdrawal, dismisses the approval that it names, and has the transfer decided again:
// what runs by it stops. The same again is taken again. Refused with the reason of trust::VerifyWithdrawal, or
// TRANSFER_MISMATCH, APPROVAL_UNKNOWN (none that is live has that digest), APPROVER_MISMATCH (it is another's),
// DENIAL_STANDS, WITHDRAWAL_MISMATCH (it says of the approval what is not so), WITHDRAWAL_TOO_LATE (committed).
absl::Status WithdrawApproval(const Context& context, std::string_view transfer, std::string_view statement,
                              std::string_view actor);

}  // namespace crossdock::orchestrator::engine
