#include "orchestrator/engine/scans.h"

#include <algorithm>

#include "lib/base/status.h"
#include "orchestrator/core/retry.h"
#include "orchestrator/engine/moves.h"
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

absl::Status RecordScan(const Context& context, std::string_view agent, const ScanResult& result) {
  if (result.findings.size() > kFindingsMax) return base::InvalidArgument("more than ", kFindingsMax, " findings");
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, LockForSource(tx, result.transfer, agent));
    if (transfer.scan != result.scan || transfer.state != State::kScanning) return absl::OkStatus();
    store::PutFindings(tx, transfer, result.findings);
    const std::string actor = base::StrCat("agent/", agent);
    if (result.reason.empty()) {
      store::SetListing(tx, transfer, result.listing, result.files, result.bytes, result.chunks);
      store::MoveTransfer(
          tx, transfer,
          {Cause::kManifestReady, actor, "", base::StrCat(result.files, " files, ", result.bytes, " bytes"), now});
      return absl::OkStatus();
    }
    const RetryAdvice advice = Advise(ClassOf(result.reason), transfer.attempts + 1, Jitter(context));
    if (advice.give_up) {
      store::MoveTransfer(tx, transfer, {Cause::kScanFailed, actor, result.reason, result.detail, now});
    } else {
      // The scan's number rises, so that the agent takes it as a new task.
      store::StartScan(tx, transfer.id);
      store::SetBackoff(tx, transfer.id, transfer.attempts + 1, now + advice.wait);
      store::SetReason(tx, transfer.id, transfer.state, result.reason, result.detail);
    }
    return absl::OkStatus();
  }));
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWatch);
  context.wakes.WakeAgent(std::string(agent));
  return absl::OkStatus();
}

absl::Status RecordContent(const Context& context, std::string_view agent, const ContentResult& result) {
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(Transfer transfer, LockForSource(tx, result.transfer, agent));
    if (transfer.scan != result.scan || IsEnded(transfer.state)) return absl::OkStatus();
    if (result.reason.empty() && result.listing == transfer.listing) {
      if (!store::SetContent(tx, transfer, result.content, now)) return absl::OkStatus();
      if (transfer.state == State::kAwaitingApproval || transfer.state == State::kHeld) {
        store::MoveTransfer(tx, transfer,
                            {Cause::kReconsidered, base::StrCat("agent/", agent), "CONTENT_HASHED",
                             "the content's digests are known", now});
      }
      return absl::OkStatus();
    }
    return Rescan(tx, transfer, base::StrCat("agent/", agent),
                  result.reason.empty() ? "LISTING_CHANGED" : result.reason, result.detail, now);
  }));
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWatch);
  context.wakes.WakeAgent(std::string(agent));
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
