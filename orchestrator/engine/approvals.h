// What people are asked to sign, and their signatures coming in.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// The open requirements of `transfer`; empty unless it waits for approval.
absl::StatusOr<std::vector<ApprovalSubject>> OpenApprovals(const Context& context, const Transfer& transfer);

// Verifies a signed statement against the roster and what the transfer binds now, keeps it, and has the transfer
// decided again. The same statement again is taken again. Refused with the reason of trust::VerifyApproval, or
// APPROVAL_NOT_ASKED, CONTENT_HASHING, REQUIREMENT_UNKNOWN, APPROVER_NOT_ELIGIBLE, APPROVAL_REPLAYED.
absl::Status SubmitApproval(const Context& context, std::string_view transfer, std::string_view statement,
                            std::string_view actor);

}  // namespace crossdock::orchestrator::engine
