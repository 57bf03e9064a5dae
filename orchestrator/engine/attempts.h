// The life of an attempt after it was assigned: leases, the commit, receipts, failures.
//
// An attempt is fenced by its epoch: whoever comes with another one than the row's is told so and changes nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// An agent's report names what it runs: renews the leases of those attempts.
absl::Status RenewLeases(const Context& context, std::string_view agent, const std::vector<std::string>& transfers);

// Takes attempts back whose lease is over: running ones return to the queue. Publishing ones stay with the agent that
// holds the journal; only their reason says that it is away.
absl::Status ExpireLeases(const Context& context, base::Instant now);

// Everything is verified and durable at the destination. Decides once more and moves the transfer to publishing when
// this epoch may; asking again after a lost answer gives the same answer. UNAVAILABLE with SENT_RECEIPT_MISSING until
// the sender's receipt of this epoch is here: ask again.
absl::StatusOr<CommitReply> Commit(const Context& context, std::string_view agent, std::string_view transfer,
                                   Epoch epoch, std::string_view listing, std::string_view content);

// A signed receipt of one of the attempt's two agents. The receiver's ends publishing; when both match, the transfer
// is closed. Repeating is harmless. Of two different ones of the same attempt and role the first stands, and the second
// is logged and audited.
absl::Status SubmitReceipt(const Context& context, std::string_view agent, std::string_view transfer, Epoch epoch,
                           std::string_view receipt, bool already_present);

// The attempt ended without success: back to the queue with backoff, to a new scan, or failed, by the class of the
// reason.
absl::Status ReportFailure(const Context& context, std::string_view agent, std::string_view transfer, Epoch epoch,
                           std::string_view reason, std::string_view detail);

}  // namespace crossdock::orchestrator::engine
