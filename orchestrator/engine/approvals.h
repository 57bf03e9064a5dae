// What people are asked to sign, and their signatures coming in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/store/manifests.h"

namespace crossdock::orchestrator::engine {

// Everything that the statement of one open requirement names, and what helps to judge it.
struct ApprovalSubject {
  Transfer transfer;
  OpenRequirement requirement;
  Ruling ruling;
  std::vector<store::Finding> findings;
  std::string classification;  // as the statement must name it
  bool ready = false;          // false while the content, which must be named, is still being hashed
};

// All open requirements of transfers that wait for approval, oldest first; `project` empty: of all.
absl::StatusOr<std::vector<ApprovalSubject>> OpenApprovals(const Context& context, std::string_view client,
                                                           std::string_view project, int limit);
// One; `requirement` empty: the only open one. APPROVAL_NOT_ASKED when the transfer does not wait for it.
absl::StatusOr<ApprovalSubject> GetApproval(const Context& context, std::string_view transfer,
                                            std::string_view requirement);

// Verifies a signed statement against the roster and what the transfer binds now, keeps it, and has the transfer
// decided again. Refused with the reason of trust::VerifyApproval, or REQUIREMENT_UNKNOWN, APPROVAL_NOT_ASKED,
// APPROVAL_REPLAYED.
absl::StatusOr<Transfer> SubmitApproval(const Context& context, std::string_view transfer, std::string_view statement,
                                        std::string_view actor);

}  // namespace crossdock::orchestrator::engine
