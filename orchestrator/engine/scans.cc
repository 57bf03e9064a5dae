#include "orchestrator/engine/scans.h"

#include <algorithm>

#include "lib/base/status.h"
#include "lib/wire/reason.h"
#include "orchestrator/core/retry.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/manifests.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

// The transfer, locked, when `agent` is its source; it may have moved on.
absl::StatusOr<Transfer> LockForSource(pg::Tx& tx, std::string_view transfer_id, std::string_view agent) {
  ASSIGN_OR_RETURN(Transfer transfer, Lock(tx, transfer_id));
  if (transfer.agent_from != agent) {
    return base::WithReason(
        base::PermissionDenied("transfer '", transfer_id, "' is not scanned by agent '", agent, "'"),
        "NOT_YOUR_TRANSFER");
  }
  return transfer;
}

}  // namespace

absl::Status RecordManifestChunk(const Context& context, std::string_view agent, std::string_view transfer_id,
                                 int64_t scan, int64_t index, std::string_view chunk) {
  if (chunk.size() > kManifestChunkBytesMax || index < 0 || index >= kManifestChunksMax) {
    return base::WithReason(
        base::InvalidArgument("manifest chunk ", index, " of ", chunk.size(), " bytes is over the limits"),
        "LISTING_TOO_LARGE");
  }
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, LockForSource(tx, transfer_id, agent));
    if (transfer.scan == scan && transfer.state == State::kScanning)
      store::PutManifestChunk(tx, transfer, index, chunk);
    return absl::OkStatus();
  });
}

absl::Status RecordScan(const Context& context, std::string_view agent, const ScanOutcome& outcome) {
  if (outcome.findings.size() > kFindingsMax) return base::InvalidArgument("more than ", kFindingsMax, " findings");
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, LockForSource(tx, outcome.transfer, agent));
    if (transfer.scan != outcome.scan || transfer.state != State::kScanning) return absl::OkStatus();
    std::vector<store::Finding> findings;
    for (const ScanFinding& one : outcome.findings) findings.push_back({one.code, one.path, one.detail});
    store::PutFindings(tx, transfer, findings);
    const std::string actor = base::StrCat("agent/", agent);
    if (outcome.reason.empty()) {
      store::SetListing(tx, transfer, outcome.listing, outcome.files, outcome.bytes, outcome.chunks);
      store::MoveTransfer(
          tx, transfer,
          {Cause::kManifestReady, actor, "", base::StrCat(outcome.files, " files, ", outcome.bytes, " bytes"), now});
      return absl::OkStatus();
    }
    const RetryAdvice advice = Advise(ClassOf(outcome.reason), transfer.attempts + 1, Jitter(context));
    if (advice.give_up) {
      store::MoveTransfer(tx, transfer, {Cause::kScanFailed, actor, outcome.reason, outcome.detail, now});
    } else {
      // The scan's number rises, so that the agent takes it as a new task.
      store::StartScan(tx, transfer.id);
      // To wait for a package that is not whole yet is no failure.
      const bool waits = outcome.reason == wire::Name(wire::Reason::kSourceNotReady);
      store::SetBackoff(tx, transfer.id, transfer.attempts + (waits ? 0 : 1), now + advice.wait);
      store::SetReason(tx, transfer.id, transfer.state, outcome.reason, outcome.detail);
    }
    return absl::OkStatus();
  }));
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWatch);
  context.wakes.WakeAgent(std::string(agent));
  return absl::OkStatus();
}

absl::Status RecordContent(const Context& context, std::string_view agent, const ContentOutcome& outcome) {
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(Transfer transfer, LockForSource(tx, outcome.transfer, agent));
    if (transfer.scan != outcome.scan || IsEnded(transfer.state)) return absl::OkStatus();
    if (outcome.reason.empty() && outcome.listing == transfer.listing) {
      if (!store::SetContent(tx, transfer, outcome.content, now)) return absl::OkStatus();
      if (transfer.state == State::kAwaitingApproval || transfer.state == State::kHeld) {
        Reconsider(tx, transfer, base::StrCat("agent/", agent), "CONTENT_HASHED", "the content's digests are known",
                   now);
      }
      return absl::OkStatus();
    }
    return Rescan(tx, transfer, base::StrCat("agent/", agent),
                  outcome.reason.empty() ? "LISTING_CHANGED" : outcome.reason, outcome.detail, now);
  }));
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWatch);
  context.wakes.WakeAgent(std::string(agent));
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
