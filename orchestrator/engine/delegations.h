// Who approves in whose place.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// Verifies and keeps an approver's signed delegation, with an audit row. The same again is taken again. Refused with
// the reason of trust::VerifyDelegation.
absl::Status AddDelegation(const Context& context, std::string_view statement, std::string_view actor);

// Verifies the approver's signed end of a delegation, keeps it with an audit row, and has everything decided again that
// may rest on it: what runs by it stops. The same again is taken again. Refused with the reason of
// trust::VerifyDelegationEnd, or DELEGATION_UNKNOWN, APPROVER_MISMATCH (it is another's place), DELEGATION_MISMATCH (it
// says of the delegation what is not so), DELEGATION_EXPIRED.
absl::Status EndDelegation(const Context& context, std::string_view statement, std::string_view actor);

// The signed delegations that may matter for `client`'s transfers at `now`, in an order that only changes when they do.
std::vector<std::string> DelegationsOf(pg::Tx& tx, std::string_view client, base::Instant now);

}  // namespace crossdock::orchestrator::engine
