// The states of a transfer and the only legal moves between them.
//
// Pure. docs/state_machines.md is rendered from kMoves; a test compares.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace crossdock::orchestrator {

enum class State {
  kReceived,
  kScanning,
  kDeciding,
  kHeld,
  kAwaitingApproval,
  kQueued,
  kRunning,
  kPublishing,
  kDelivered,
  kClosed,
  kDenied,
  kSuperseded,
  kExpired,
  kCancelled,
  kFailed,
};
inline constexpr int kStateCount = 15;

enum class Cause {
  kAccepted,       // a trigger or a person made the transfer
  kManifestReady,  // the source agent's listing is complete
  kScanFailed,     // the package cannot be sent as it is
  kAllowed,        // the decisions of the policy
  kNeedsApprovals,
  kHeldByPolicy,
  kDenied,
  kReconsidered,    // a fact, a policy or an approval changed: decide again
  kContentChanged,  // the source is not what was approved; dismisses the approvals
  kAssigned,
  kCommitted,      // CommitAttempt: from here on only the agent with the journal may finish
  kAttemptFailed,  // goes back to the queue, with backoff
  kLeaseExpired,
  kBudgetSpent,  // retries used up, or an error that only a person can mend
  kPublished,
  kReceiptsMatch,
  kReceiptsDiffer,
  kSuperseded,
  kExpired,
  kCancelled,
  kRetried,
};

struct Move {
  State from;
  Cause cause;
  State to;
};

inline constexpr std::array kMoves = {
    Move{State::kReceived, Cause::kAccepted, State::kScanning},
    Move{State::kScanning, Cause::kManifestReady, State::kDeciding},
    Move{State::kScanning, Cause::kScanFailed, State::kFailed},
    Move{State::kDeciding, Cause::kAllowed, State::kQueued},
    Move{State::kDeciding, Cause::kNeedsApprovals, State::kAwaitingApproval},
    Move{State::kDeciding, Cause::kHeldByPolicy, State::kHeld},
    Move{State::kDeciding, Cause::kDenied, State::kDenied},
    Move{State::kDeciding, Cause::kContentChanged, State::kScanning},
    Move{State::kHeld, Cause::kReconsidered, State::kDeciding},
    Move{State::kHeld, Cause::kContentChanged, State::kScanning},
    Move{State::kAwaitingApproval, Cause::kReconsidered, State::kDeciding},
    Move{State::kAwaitingApproval, Cause::kContentChanged, State::kScanning},
    Move{State::kQueued, Cause::kReconsidered, State::kDeciding},
    Move{State::kQueued, Cause::kContentChanged, State::kScanning},
    Move{State::kQueued, Cause::kAssigned, State::kRunning},
    Move{State::kRunning, Cause::kReconsidered, State::kDeciding},
    Move{State::kRunning, Cause::kContentChanged, State::kScanning},
    Move{State::kRunning, Cause::kAttemptFailed, State::kQueued},
    Move{State::kRunning, Cause::kLeaseExpired, State::kQueued},
    Move{State::kRunning, Cause::kBudgetSpent, State::kFailed},
    Move{State::kRunning, Cause::kCommitted, State::kPublishing},
    Move{State::kPublishing, Cause::kPublished, State::kDelivered},
    Move{State::kDelivered, Cause::kReceiptsMatch, State::kClosed},
    Move{State::kDelivered, Cause::kReceiptsDiffer, State::kFailed},
    Move{State::kReceived, Cause::kSuperseded, State::kSuperseded},
    Move{State::kScanning, Cause::kSuperseded, State::kSuperseded},
    Move{State::kDeciding, Cause::kSuperseded, State::kSuperseded},
    Move{State::kHeld, Cause::kSuperseded, State::kSuperseded},
    Move{State::kAwaitingApproval, Cause::kSuperseded, State::kSuperseded},
    Move{State::kQueued, Cause::kSuperseded, State::kSuperseded},
    Move{State::kReceived, Cause::kExpired, State::kExpired},
    Move{State::kScanning, Cause::kExpired, State::kExpired},
    Move{State::kDeciding, Cause::kExpired, State::kExpired},
    Move{State::kHeld, Cause::kExpired, State::kExpired},
    Move{State::kAwaitingApproval, Cause::kExpired, State::kExpired},
    Move{State::kQueued, Cause::kExpired, State::kExpired},
    Move{State::kReceived, Cause::kCancelled, State::kCancelled},
    Move{State::kScanning, Cause::kCancelled, State::kCancelled},
    Move{State::kDeciding, Cause::kCancelled, State::kCancelled},
    Move{State::kHeld, Cause::kCancelled, State::kCancelled},
    Move{State::kAwaitingApproval, Cause::kCancelled, State::kCancelled},
    Move{State::kQueued, Cause::kCancelled, State::kCancelled},
    Move{State::kRunning, Cause::kCancelled, State::kCancelled},
    Move{State::kDenied, Cause::kRetried, State::kScanning},
    Move{State::kExpired, Cause::kRetried, State::kScanning},
    Move{State::kCancelled, Cause::kRetried, State::kScanning},
    Move{State::kFailed, Cause::kRetried, State::kScanning},
};

// The state after `cause` in `from`; nothing when that is no legal move.
std::optional<State> Next(State from, Cause cause);

// Ended: nothing happens to it any more unless a person retries it.
bool IsEnded(State state);

// The word in the database, on the wire and on the screen: "awaiting_approval", "manifest_ready".
std::string_view Name(State state);
std::string_view Name(Cause cause);
std::optional<State> ParseState(std::string_view name);

}  // namespace crossdock::orchestrator
