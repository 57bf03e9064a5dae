#include "orchestrator/engine/moves.h"

#include <string>

#include "lib/base/status.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/notifications.h"
#include "orchestrator/store/transfers.h"
#include "orchestrator/store/write_backs.h"

namespace crossdock::orchestrator::engine {

absl::StatusOr<Transfer> Lock(pg::Tx& tx, std::string_view transfer) {
  std::optional<Transfer> row = store::LockTransfer(tx, transfer);
  if (!row) {
    return base::WithReason(base::NotFound("there is no transfer '", base::PercentEscape(transfer), "'"),
                            "TRANSFER_UNKNOWN");
  }
  return *std::move(row);
}

absl::Status Rescan(pg::Tx& tx, const Transfer& transfer, std::string_view actor, std::string_view reason,
                    std::string_view detail, base::Instant now) {
  if (!Next(transfer.state, Cause::kContentChanged)) return absl::OkStatus();
  store::DismissApprovals(tx, transfer, reason, now);
  if (!store::MoveTransfer(
          tx, transfer, {Cause::kContentChanged, std::string(actor), std::string(reason), std::string(detail), now})) {
    return absl::OkStatus();
  }
  store::StartScan(tx, transfer.id);
  return absl::OkStatus();
}

bool Reconsider(pg::Tx& tx, const Transfer& transfer, std::string_view actor, std::string_view reason,
                std::string_view detail, base::Instant now) {
  if (!Next(transfer.state, Cause::kReconsidered)) return false;
  if (!store::MoveTransfer(tx, transfer,
                           {Cause::kReconsidered, std::string(actor), std::string(reason), std::string(detail), now})) {
    return false;
  }
  // Whatever it waited for: it is decided now.
  store::SetBackoff(tx, transfer.id, transfer.attempts, now);
  return true;
}

void Report(pg::Tx& tx, const Transfer& transfer, State state, std::string_view note, base::Instant now) {
  store::InsertWriteBack(tx, transfer, Name(state), note, now);
  store::InsertNotifications(tx, transfer.id, Name(state), note, now);
}

double Jitter(const Context& context) { return static_cast<double>(context.random.Next() >> 11) / 9007199254740992.0; }

}  // namespace crossdock::orchestrator::engine
