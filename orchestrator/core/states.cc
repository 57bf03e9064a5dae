#include "orchestrator/core/states.h"

namespace crossdock::orchestrator {

std::optional<State> Next(State from, Cause cause) {
  for (const Move& move : kMoves) {
    if (move.from == from && move.cause == cause) return move.to;
  }
  return std::nullopt;
}

bool IsEnded(State state) {
  switch (state) {
    case State::kClosed:
    case State::kDenied:
    case State::kSuperseded:
    case State::kExpired:
    case State::kCancelled:
    case State::kFailed:
      return true;
    case State::kReceived:
    case State::kScanning:
    case State::kDeciding:
    case State::kHeld:
    case State::kAwaitingApproval:
    case State::kQueued:
    case State::kRunning:
    case State::kPublishing:
    case State::kDelivered:
      return false;
  }
  return false;
}

std::string_view Name(State state) {
  switch (state) {
    case State::kReceived:
      return "received";
    case State::kScanning:
      return "scanning";
    case State::kDeciding:
      return "deciding";
    case State::kHeld:
      return "held";
    case State::kAwaitingApproval:
      return "awaiting_approval";
    case State::kQueued:
      return "queued";
    case State::kRunning:
      return "running";
    case State::kPublishing:
      return "publishing";
    case State::kDelivered:
      return "delivered";
    case State::kClosed:
      return "closed";
    case State::kDenied:
      return "denied";
    case State::kSuperseded:
      return "superseded";
    case State::kExpired:
      return "expired";
    case State::kCancelled:
      return "cancelled";
    case State::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string_view Name(Cause cause) {
  switch (cause) {
    case Cause::kAccepted:
      return "accepted";
    case Cause::kManifestReady:
      return "manifest_ready";
    case Cause::kScanFailed:
      return "scan_failed";
    case Cause::kAllowed:
      return "allowed";
    case Cause::kNeedsApprovals:
      return "needs_approvals";
    case Cause::kHeldByPolicy:
      return "held_by_policy";
    case Cause::kDenied:
      return "denied";
    case Cause::kReconsidered:
      return "reconsidered";
    case Cause::kContentChanged:
      return "content_changed";
    case Cause::kAssigned:
      return "assigned";
    case Cause::kCommitted:
      return "committed";
    case Cause::kAttemptFailed:
      return "attempt_failed";
    case Cause::kLeaseExpired:
      return "lease_expired";
    case Cause::kBudgetSpent:
      return "budget_spent";
    case Cause::kPublished:
      return "published";
    case Cause::kReceiptsMatch:
      return "receipts_match";
    case Cause::kReceiptsDiffer:
      return "receipts_differ";
    case Cause::kSuperseded:
      return "superseded";
    case Cause::kExpired:
      return "expired";
    case Cause::kCancelled:
      return "cancelled";
    case Cause::kRetried:
      return "retried";
  }
  return "unknown";
}

std::optional<State> ParseState(std::string_view name) {
  for (int i = 0; i < kStateCount; ++i) {
    const State state = static_cast<State>(i);
    if (Name(state) == name) return state;
  }
  return std::nullopt;
}

}  // namespace crossdock::orchestrator
