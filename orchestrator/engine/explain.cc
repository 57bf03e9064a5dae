#include "orchestrator/engine/explain.h"

#include "lib/base/status.h"
#include "orchestrator/engine/break_glass.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/objections.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

std::string Since(const Transfer& transfer) {
  return base::StrCat(" since ", base::FormatSeconds(transfer.state_since));
}

// The sentence of a state that has no better reason of its own.
std::string StateLine(const Transfer& t) {
  switch (t.state) {
    case State::kReceived:
      return "It waits for an agent at the source that can list its files";
    case State::kScanning:
      return base::StrCat("Agent '", t.agent_from, "' is listing the files at site '", t.source_site, "'");
    case State::kDeciding:
      return "The policy is about to decide over it";
    case State::kHeld:
      return "The policy holds it";
    case State::kAwaitingApproval:
      return "It waits for people to approve it";
    case State::kQueued:
      return "It may go, and waits for its turn";
    case State::kRunning:
      return base::StrCat("Agent '", t.agent_from, "' is sending it to agent '", t.agent_to, "'");
    case State::kPublishing:
      return base::StrCat("Everything is verified at site '", t.destination_site, "'; agent '", t.agent_to,
                          "' is publishing it");
    case State::kDelivered:
      return base::StrCat("It is published at site '", t.destination_site, "' and waits for both agents' receipts");
    case State::kClosed:
      return base::StrCat("It is delivered: ", t.files, " files, ", t.bytes, " bytes, verified at both ends");
    case State::kDenied:
      return "The policy denies it; `crossdock transfer retry` asks again after the policy or the facts have changed";
    case State::kSuperseded:
      return "A newer version became ready, or the entity is no longer ready";
    case State::kExpired:
      return "Its time ran out; `crossdock transfer retry` starts anew";
    case State::kCancelled:
      return "It was cancelled; `crossdock transfer retry` starts anew";
    case State::kFailed:
      return "It failed; mend the cause, then `crossdock transfer retry`";
  }
  return "";
}

std::string_view DefaultReason(State state) {
  switch (state) {
    case State::kReceived:
      return "WAITING_FOR_SOURCE_AGENT";
    case State::kScanning:
      return "SCANNING";
    case State::kDeciding:
      return "DECIDING";
    case State::kHeld:
      return "HELD_BY_POLICY";
    case State::kAwaitingApproval:
      return "APPROVAL_MISSING";
    case State::kQueued:
      return "WAITING_FOR_PLANNER";
    case State::kRunning:
      return "MOVING";
    case State::kPublishing:
      return "PUBLISHING";
    case State::kDelivered:
      return "WAITING_FOR_RECEIPTS";
    case State::kClosed:
      return "DELIVERED";
    case State::kDenied:
      return "DENIED_BY_POLICY";
    case State::kSuperseded:
      return "SUPERSEDED";
    case State::kExpired:
      return "EXPIRED";
    case State::kCancelled:
      return "CANCELLED";
    case State::kFailed:
      return "FAILED";
  }
  return "";
}

}  // namespace

absl::StatusOr<Explanation> Explain(const Context& context, std::string_view id) {
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<Explanation> {
    const std::optional<Transfer> found = store::GetTransfer(tx, id);
    if (!found)
      return base::WithReason(base::NotFound("there is no transfer '", base::PercentEscape(id), "'"),
                              "TRANSFER_UNKNOWN");
    Explanation explanation;
    const Transfer& t = *found;
    explanation.reason = t.reason.empty() ? std::string(DefaultReason(t.state)) : t.reason;
    if (!t.paused_by.empty()) {
      explanation.reason = "PAUSED";
      explanation.lines.push_back(base::StrCat("It is paused by ", t.paused_by, t.paused_reason.empty() ? "" : ": ",
                                               t.paused_reason, "; `crossdock transfer resume` lets it go on."));
    }
    explanation.lines.push_back(base::StrCat(StateLine(t), Since(t), "."));
    const bool ruled = t.state == State::kHeld || t.state == State::kAwaitingApproval || t.state == State::kDenied;
    // A ruling's own lines say it better.
    if (!t.detail.empty() && !ruled)
      explanation.lines.push_back(base::StrCat("Reason: ", t.detail, t.detail.ends_with('.') ? "" : "."));
    if (t.not_before > now && t.attempts > 0 && t.paused_by.empty() && !IsEnded(t.state)) {
      explanation.reason = t.reason.empty() ? "BACKOFF" : t.reason;
      explanation.lines.push_back(base::StrCat("After ", t.attempts, " failed attempts it tries again at ",
                                               base::FormatSeconds(t.not_before), "."));
    }
    if (t.content_wanted && t.content.empty() && !IsEnded(t.state)) {
      explanation.lines.push_back(
          "The policy binds approvals to the content, whose digests are still being computed at the source.");
    }
    if (ruled) {
      ASSIGN_OR_RETURN(const Ruling ruling, LastRuling(tx, t));
      explanation.lines.insert(explanation.lines.end(), ruling.lines.begin(), ruling.lines.end());
      explanation.requirements = ruling.requirements;
    }
    for (const store::Withdrawal& withdrawal : store::WithdrawalsOf(tx, id)) {
      explanation.lines.push_back(
          base::StrCat(withdrawal.approver, " withdrew the approval of '", withdrawal.requirement, "' at ",
                       base::FormatSeconds(withdrawal.received), withdrawal.reason.empty() ? "" : ": ",
                       base::PercentEscape(withdrawal.reason), "."));
    }
    for (std::string& line : BreakGlassLines(tx, id, now)) explanation.lines.push_back(std::move(line));
    // What went wrong before is often why it is slow now.
    const std::vector<store::HistoryEntry> history = store::History(tx, id);
    for (auto entry = history.rbegin(); entry != history.rend(); ++entry) {
      if (entry->cause != "attempt_failed" && entry->cause != "lease_expired") continue;
      explanation.lines.push_back(base::StrCat("The last attempt ended at ", base::FormatSeconds(entry->at), ": ",
                                               entry->reason, ", ", entry->detail, "."));
      break;
    }
    return explanation;
  });
}

}  // namespace crossdock::orchestrator::engine
