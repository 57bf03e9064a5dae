#include "orchestrator/engine/attempts.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "nlohmann/json.hpp"
#include "orchestrator/core/retry.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

constexpr int kLeasesAtOnce = 500;

std::string EpochText(Epoch epoch) { return base::StrCat(epoch.generation, ".", epoch.n); }

// Reads `text` and checks that it is `agent`'s word over this attempt.
absl::StatusOr<trust::Receipt> ReadReceipt(pg::Tx& tx, const Transfer& transfer, Epoch epoch, std::string_view agent,
                                           std::string_view text) {
  const std::optional<store::Agent> row = store::GetAgent(tx, agent);
  if (!row) return base::PermissionDenied("agent '", agent, "' is not enrolled");
  ASSIGN_OR_RETURN(const base::PublicKey key, base::PublicKey::FromHex(row->identity_key));
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(text));
  RETURN_IF_ERROR(statement.VerifyExactly(key));
  ASSIGN_OR_RETURN(trust::Receipt receipt, trust::Decode<trust::Receipt>(statement.statement()));
  if (receipt.transfer != transfer.id || receipt.epoch != EpochText(epoch) || receipt.agent != agent) {
    return base::WithReason(base::InvalidArgument("the receipt speaks of another attempt"), "RECEIPT_MISMATCH");
  }
  const bool sent = receipt.role == trust::ReceiptRole::kSent;
  if ((sent ? transfer.agent_from : transfer.agent_to) != agent) {
    return base::WithReason(base::PermissionDenied("agent '", agent, "' did not play this part"), "NOT_YOUR_TRANSFER");
  }
  return receipt;
}

// Whether both ends say the same; otherwise the name of the first field that differs.
std::string Difference(const trust::Receipt& sent, const trust::Receipt& landed) {
  if (sent.listing != landed.listing) return "listing";
  if (!sent.content.empty() && !landed.content.empty() && sent.content != landed.content) return "content";
  if (sent.files != landed.files) return "files";
  if (sent.bytes != landed.bytes) return "bytes";
  return "";
}

absl::Status Close(pg::Tx& tx, const Transfer& transfer, base::Instant now) {
  std::optional<trust::Receipt> sent;
  std::optional<trust::Receipt> landed;
  for (const store::Receipt& row : store::Receipts(tx, transfer.id, transfer.epoch)) {
    ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(row.statement));
    ASSIGN_OR_RETURN(trust::Receipt receipt, trust::Decode<trust::Receipt>(statement.statement()));
    if (receipt.role == trust::ReceiptRole::kSent) sent = receipt;
    if (receipt.role == trust::ReceiptRole::kLanded) landed = receipt;
  }
  if (!sent || !landed) return absl::OkStatus();
  const std::string difference = Difference(*sent, *landed);
  if (difference.empty()) {
    store::MoveTransfer(tx, transfer, {Cause::kReceiptsMatch, "orchestrator", "", "both receipts match", now});
    Report(tx, transfer, State::kClosed, base::StrCat(transfer.files, " files delivered and verified"), now);
  } else {
    store::MoveTransfer(tx, transfer,
                        {Cause::kReceiptsDiffer, "orchestrator", "RECEIPTS_DIFFER",
                         base::StrCat("the agents' receipts differ in '", difference, "'"), now});
    Report(tx, transfer, State::kFailed, "the agents' receipts differ", now);
  }
  return absl::OkStatus();
}

// An agent signed two receipts of one attempt that say different things. What was decided by the first stands; the
// second is taken, so that the agent stops asking, and is evidence of its own.
void KeepFirstReceipt(pg::Tx& tx, const Transfer& transfer, const store::Receipt& second, base::Instant now) {
  LOG_ERROR(
      "a second, different receipt of the same attempt was handed in; the first one stands",
      {{"transfer", transfer.id}, {"epoch", EpochText(second.epoch)}, {"role", second.role}, {"agent", second.agent}});
  const nlohmann::json detail = {
      {"epoch", EpochText(second.epoch)}, {"role", second.role}, {"statement", second.statement}};
  store::Audit(tx, {0, now, transfer.entity.client, base::StrCat("agent/", second.agent), "receipt.conflict",
                    transfer.id, "first_stands", detail.dump()});
}

// The sender signed that the site's scan found nothing.
bool SaysScanned(const store::Receipt& receipt) {
  const auto statement = trust::SignedStatement::Parse(receipt.statement);
  if (receipt.role != "sent" || !statement.ok()) return false;
  const auto said = trust::Decode<trust::Receipt>(statement->statement());
  return said.ok() && !said->scan.empty();
}

void AuditScan(pg::Tx& tx, const Transfer& transfer, const store::Receipt& receipt, base::Instant now) {
  const nlohmann::json detail = {{"epoch", EpochText(receipt.epoch)}, {"statement", receipt.statement}};
  store::Audit(tx, {0, now, transfer.entity.client, base::StrCat("agent/", receipt.agent), "release.scanned",
                    transfer.id, "clean", detail.dump()});
}

// An agent that will not move it as things stand may have looked a moment before we did. Where we now say the same, the
// transfer waits for that, and no attempt of its budget is spent. False when it is something else, or only they say so.
absl::StatusOr<bool> SettleRefusal(const Context& context, pg::Tx& tx, const Transfer& transfer,
                                   const std::string& actor, std::string_view reason, std::string_view detail,
                                   base::Instant now) {
  if (reason == kReleaseScanMissing) {
    store::MoveTransfer(tx, transfer, {Cause::kAttemptFailed, actor, std::string(reason), std::string(detail), now});
    ASSIGN_OR_RETURN(const Transfer queued, Lock(tx, transfer.id));
    return Reconsider(tx, queued, actor, reason, detail, now);
  }
  if (!reason.starts_with("CLEARANCE_")) return false;
  ASSIGN_OR_RETURN(const Ruling ruling, Decide(tx, transfer, "refusal", now, context.parsed.get()));
  if (ruling.allowed()) return false;
  store::MoveTransfer(tx, transfer, {Cause::kAttemptFailed, actor, std::string(reason), std::string(detail), now});
  ASSIGN_OR_RETURN(const Transfer queued, Lock(tx, transfer.id));
  Reconsider(tx, queued, "policy", ruling.reason, ruling.detail, now);
  return true;
}

void WakeAll(const Context& context, const Transfer& transfer) {
  context.wakes.Wake(Duty::kPlan);
  context.wakes.Wake(Duty::kDecide);
  context.wakes.Wake(Duty::kWriteBack);
  context.wakes.Wake(Duty::kWatch);
  context.wakes.WakeAgent(transfer.agent_from);
  context.wakes.WakeAgent(transfer.agent_to);
}

}  // namespace

absl::Status RenewLeases(const Context& context, std::string_view agent, const std::vector<std::string>& transfers) {
  if (transfers.empty()) return absl::OkStatus();
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    store::RenewLeases(tx, agent, transfers, context.clock.Now());
    return absl::OkStatus();
  });
}

absl::Status ExpireLeases(const Context& context, base::Instant now) {
  std::vector<Transfer> expired;
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    expired.clear();
    for (const Transfer& transfer : store::LeasesBefore(tx, now - context.lease, kLeasesAtOnce)) {
      const std::string detail =
          base::StrCat("agent '", transfer.agent_to, "' has not reported for ", context.lease.count() / 1000, " s");
      if (transfer.state == State::kPublishing) {
        store::SetReason(tx, transfer.id, transfer.state, "AGENT_OFFLINE",
                         base::StrCat(detail, "; it holds the publish journal and will finish when it is back"));
        continue;
      }
      if (store::MoveTransfer(tx, transfer, {Cause::kLeaseExpired, "orchestrator", "LEASE_EXPIRED", detail, now})) {
        expired.push_back(transfer);
      }
    }
    return absl::OkStatus();
  }));
  for (const Transfer& transfer : expired) WakeAll(context, transfer);
  return absl::OkStatus();
}

absl::StatusOr<CommitReply> Commit(const Context& context, std::string_view agent, std::string_view transfer_id,
                                   Epoch epoch, std::string_view listing, std::string_view content) {
  const base::Instant now = context.clock.Now();
  std::optional<Transfer> moved;
  const absl::StatusOr<CommitReply> answer = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<CommitReply> {
    moved.reset();
    ASSIGN_OR_RETURN(const Transfer transfer, Lock(tx, transfer_id));
    if (transfer.agent_to != agent || transfer.epoch != epoch) {
      return CommitReply{CommitWord::kFenced, "EPOCH_STALE",
                         base::StrCat("the transfer is at epoch ", EpochText(transfer.epoch))};
    }
    // Asked again after a lost answer: the first answer stands.
    if (transfer.state == State::kPublishing || transfer.state == State::kDelivered ||
        transfer.state == State::kClosed) {
      return CommitReply{CommitWord::kPublish, "", ""};
    }
    if (transfer.state != State::kRunning || !transfer.paused_by.empty()) {
      return CommitReply{CommitWord::kFenced, "EPOCH_STALE", base::StrCat("the transfer is ", Name(transfer.state))};
    }
    const auto receipts = store::Receipts(tx, transfer.id, epoch);
    const bool sent =
        std::any_of(receipts.begin(), receipts.end(), [](const store::Receipt& r) { return r.role == "sent"; });
    if (!sent) {
      return base::WithReason(base::Unavailable("the sender's receipt is not here yet; ask again"),
                              "SENT_RECEIPT_MISSING");
    }
    if (listing != transfer.listing || (!transfer.content.empty() && !content.empty() && content != transfer.content)) {
      RETURN_IF_ERROR(Rescan(tx, transfer, base::StrCat("agent/", agent), "LISTING_CHANGED",
                             "what arrived is not what was approved", now));
      moved = transfer;
      return CommitReply{CommitWord::kRefused, "LISTING_CHANGED", "what arrived is not what was approved"};
    }
    ASSIGN_OR_RETURN(const Ruling ruling, Decide(tx, transfer, "commit", now, context.parsed.get()));
    moved = transfer;
    if (!ruling.allowed()) {
      Reconsider(tx, transfer, "orchestrator", ruling.reason, ruling.detail, now);
      return CommitReply{CommitWord::kRefused, ruling.reason, ruling.detail};
    }
    const auto scanned = std::find_if(receipts.begin(), receipts.end(), SaysScanned);
    // By rules that came into force while it ran: it goes again, with a scan.
    if (ruling.scan && scanned == receipts.end()) {
      constexpr std::string_view kWhy = "the policy wants a scan before release, and the sender's receipt says of none";
      Reconsider(tx, transfer, "orchestrator", "RELEASE_SCAN_NOT_SAID", kWhy, now);
      return CommitReply{CommitWord::kRefused, "RELEASE_SCAN_NOT_SAID", std::string(kWhy)};
    }
    if (ruling.scan) AuditScan(tx, transfer, *scanned, now);
    store::MoveTransfer(
        tx, transfer,
        {Cause::kCommitted, base::StrCat("agent/", agent), "", "verified and durable at the destination", now});
    return CommitReply{CommitWord::kPublish, "", ""};
  });
  if (answer.ok() && moved) WakeAll(context, *moved);
  return answer;
}

absl::Status SubmitReceipt(const Context& context, std::string_view agent, std::string_view transfer_id, Epoch epoch,
                           std::string_view text, bool already_present) {
  const base::Instant now = context.clock.Now();
  std::optional<Transfer> touched;
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(Transfer transfer, Lock(tx, transfer_id));
    // A receipt of a fenced attempt is nobody's any more: taken, so that the agent stops asking, and not kept.
    if (transfer.epoch != epoch) return absl::OkStatus();
    ASSIGN_OR_RETURN(const trust::Receipt receipt, ReadReceipt(tx, transfer, epoch, agent, text));
    const store::Receipt row{epoch, std::string(trust::Name(receipt.role)), std::string(agent), std::string(text)};
    if (store::InsertReceipt(tx, transfer, row, now) == store::ReceiptEntry::kOther) {
      KeepFirstReceipt(tx, transfer, row, now);
      return absl::OkStatus();
    }
    touched = transfer;
    if (receipt.role == trust::ReceiptRole::kLanded && transfer.state == State::kPublishing) {
      const std::string detail = already_present ? "the destination had the same content already"
                                                 : base::StrCat(receipt.files, " files published");
      if (!store::MoveTransfer(tx, transfer, {Cause::kPublished, base::StrCat("agent/", agent), "", detail, now})) {
        return absl::OkStatus();
      }
      ASSIGN_OR_RETURN(transfer, Lock(tx, transfer_id));
    }
    return transfer.state == State::kDelivered ? Close(tx, transfer, now) : absl::OkStatus();
  }));
  if (touched) WakeAll(context, *touched);
  return absl::OkStatus();
}

absl::Status ReportFailure(const Context& context, std::string_view agent, std::string_view transfer_id, Epoch epoch,
                           std::string_view reason, std::string_view detail) {
  const base::Instant now = context.clock.Now();
  std::optional<Transfer> touched;
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const Transfer transfer, Lock(tx, transfer_id));
    const bool own = transfer.agent_from == agent || transfer.agent_to == agent;
    if (!own || transfer.epoch != epoch) return absl::OkStatus();
    // Committed: the agent that holds the journal goes on trying, and this is why it is not there yet.
    if (transfer.state == State::kPublishing) store::SetReason(tx, transfer.id, transfer.state, reason, detail);
    if (transfer.state != State::kRunning) return absl::OkStatus();
    touched = transfer;
    const std::string actor = base::StrCat("agent/", agent);
    const RetryClass retry_class = ClassOf(reason);
    if (retry_class == RetryClass::kSourceChanged) return Rescan(tx, transfer, actor, reason, detail, now);
    ASSIGN_OR_RETURN(const bool settled, SettleRefusal(context, tx, transfer, actor, reason, detail, now));
    if (settled) return absl::OkStatus();
    const RetryAdvice advice = Advise(retry_class, transfer.attempts + 1, Jitter(context));
    const Cause cause = advice.give_up ? Cause::kBudgetSpent : Cause::kAttemptFailed;
    store::MoveTransfer(tx, transfer, {cause, actor, std::string(reason), std::string(detail), now});
    store::SetBackoff(tx, transfer.id, transfer.attempts + 1, now + advice.wait);
    if (advice.give_up) Report(tx, transfer, State::kFailed, detail, now);
    return absl::OkStatus();
  }));
  if (touched) WakeAll(context, *touched);
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
