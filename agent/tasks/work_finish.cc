// The part of Work that deals with what an attempt leaves behind: a publish to be finished, a receipt to be handed in,
// staging to be removed.
#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/core/stops.h"
#include "agent/tasks/work.h"
#include "agent/transfer/publish.h"
#include "agent/transfer/staging.h"
#include "lib/base/encoding.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using std::chrono::milliseconds;
using wire::Reason;

constexpr milliseconds kFinishFirst{1'000};
constexpr milliseconds kFinishMost{30'000};
// No attempt waits for its commit so long after everything was sent; an agent that was away for longer has lost it.
constexpr std::chrono::days kAttemptMax{7};

}  // namespace

absl::Status Work::FinishIfCommitted(Volume& volume, const AttemptTerms& terms, absl::Status status,
                                     TaskControl& control) {
  milliseconds pause = kFinishFirst;
  while (!control.stop().stop_requested()) {
    ASSIGN_OR_RETURN(const bool committed, HasCommitted(volume, terms));
    if (!committed) return status;
    LOG_WARNING("a committed package is not published yet; trying again",
                {{"transfer", terms.transfer}, {"error", status.ToString()}});
    RETURN_IF_ERROR(deps_.reports.ReportFailure(terms.transfer, terms.epoch, ReasonOr(status, "PUBLISH_FAILED"),
                                                std::string(base::ToStd(status.message())), control.stop()));
    if (!WaitUnlessStopped(control.stop(), pause)) break;
    pause = std::min(pause * 2, kFinishMost);
    status = PublishPending(volume, terms.transfer, terms.epoch, control.stop());
    if (status.ok()) return HandIn(terms.transfer, terms.epoch, control.stop());
  }
  return status;
}

absl::StatusOr<bool> Work::HasCommitted(Volume& volume, const AttemptTerms& terms) const {
  ASSIGN_OR_RETURN(const auto pending, FindPending(volume, terms.transfer, terms.epoch));
  return pending && pending->journal.phase != PublishPhase::kPrepared;
}

absl::StatusOr<std::optional<PendingPublish>> Work::FindPending(Volume& volume, const std::string& transfer,
                                                                const wire::Epoch& epoch) const {
  ASSIGN_OR_RETURN(std::vector<PendingPublish> pending, RecoverPublishes(volume, deps_.agent));
  for (PendingPublish& each : pending) {
    if (each.journal.transfer == transfer && each.journal.epoch == epoch) return std::move(each);
  }
  return std::nullopt;
}

absl::StatusOr<SignedReceipt> Work::Landed(const PublishJournal& journal) const {
  trust::Receipt receipt;
  receipt.transfer = journal.transfer;
  receipt.role = trust::ReceiptRole::kLanded;
  receipt.listing = base::ToHex(journal.listing_digest);
  receipt.content = base::ToHex(journal.content_root);
  receipt.files = journal.files;
  receipt.bytes = journal.bytes;
  receipt.began = base::Instant(std::chrono::microseconds(journal.began_us));
  receipt.ended = base::Instant(std::chrono::microseconds(journal.ended_us));
  receipt.verify = journal.verify == 0   ? trust::ReceiptVerify::kTransit
                   : journal.verify == 1 ? trust::ReceiptVerify::kLanded
                                         : trust::ReceiptVerify::kReadback;
  receipt.request = journal.transfer;
  receipt.policy = base::ToHex(journal.policy_digest);
  return deps_.receipts.Sign(receipt, journal.epoch, journal.already_present);
}

absl::StatusOr<CommitVerdict> Work::Commit(const std::string& transfer, wire::Epoch epoch, const std::string& listing,
                                           const std::string& content, std::stop_token stop) const {
  ASSIGN_OR_RETURN(const CommitAnswer answer, deps_.reports.Commit(transfer, epoch, listing, content, stop));
  if (answer.verdict != CommitVerdict::kPublish) {
    LOG_INFO("the commit was not granted",
             {{"transfer", transfer}, {"reason", answer.reason}, {"detail", answer.detail}});
  }
  return answer.verdict;
}

absl::Status Work::Do(const FinishTask& finish, TaskControl& control) {
  ASSIGN_OR_RETURN(Volume * volume, Find(finish.destination.volume));
  control.SetPhase(TaskPhase::kPublishing);
  const std::string transfer = control.task()->transfer;
  {
    const auto turn = turns_.Take(transfer, control.stop());
    if (!turn) return base::Error(absl::StatusCode::kCancelled, "stopped while another task worked on the staging");
    RETURN_IF_ERROR(PublishPending(*volume, transfer, finish.epoch, control.stop()));
  }
  return HandIn(transfer, finish.epoch, control.stop());
}

absl::Status Work::PublishPending(Volume& volume, const std::string& transfer, const wire::Epoch& epoch,
                                  std::stop_token stop) {
  // Read in the turn: whoever had the one before may have finished it.
  ASSIGN_OR_RETURN(const auto pending, FindPending(volume, transfer, epoch));
  if (!pending) return absl::OkStatus();
  const PublishJournal& journal = pending->journal;
  const auto commit = [&] {
    return Commit(journal.transfer, journal.epoch, base::ToHex(journal.listing_digest),
                  base::ToHex(journal.content_root), stop);
  };
  const auto published = [&](const PublishJournal& done) -> absl::Status {
    ASSIGN_OR_RETURN(const SignedReceipt receipt, Landed(done));
    return deps_.receipts.Keep(receipt);
  };
  return FinishPublish(volume, *pending, commit, published, deps_.clock).status();
}

absl::Status Work::HandIn(const std::string& transfer, const wire::Epoch& epoch, std::stop_token stop) {
  for (const SignedReceipt& kept : deps_.receipts.Kept()) {
    if (kept.transfer == transfer && kept.epoch == epoch) return deps_.receipts.Submit(kept, deps_.reports, stop);
  }
  return base::WithReason(base::NotFound("this agent holds neither journal nor receipt of that attempt"),
                          "JOURNAL_MISSING");
}

absl::Status Work::Do(const CleanTask& clean, TaskControl& control) {
  const std::string transfer = control.task()->transfer;
  const absl::Status status = Clean(clean, transfer, control.stop());
  if (control.stop().stop_requested()) return status;
  const absl::Status told =
      deps_.reports.ReportClean(transfer, clean.epoch, status.ok() ? "" : ReasonOr(status, "CLEAN_FAILED"),
                                std::string(base::ToStd(status.message())), control.stop());
  return status.ok() ? told : status;
}

absl::Status Work::Clean(const CleanTask& clean, const std::string& transfer, std::stop_token stop) {
  // Not waited for: what works there is an attempt, and the orchestrator has changed its mind or soon asks again. Only
  // receiving counts; a sender has no staging.
  const auto turn = turns_.TryTake(transfer);
  if (!turn) return wire::Fail(Reason::kStagingBusy, "this agent works on the transfer; its staging is in use");
  ASSIGN_OR_RETURN(Volume * volume, Find(clean.volume));
  // A journal whose answer never came would keep the staging for ever: it is asked for once more, and most likely
  // fenced.
  ASSIGN_OR_RETURN(const std::vector<PendingPublish> pending, RecoverPublishes(*volume, deps_.agent));
  for (const PendingPublish& each : pending) {
    const wire::Epoch& epoch = each.journal.epoch;
    if (each.journal.transfer != transfer || epoch > clean.epoch) continue;
    const StopAfter limit(stop, kAskAgain);
    const absl::Status status = PublishPending(*volume, transfer, epoch, limit.token());
    const std::string reason = base::ReasonOf(status);
    if (reason == Name(Reason::kCommitFenced) || reason == Name(Reason::kCommitRefused)) continue;
    RETURN_IF_ERROR(status);
    RETURN_IF_ERROR(HandIn(transfer, epoch, stop));
  }
  return RemoveStaging(*volume, transfer, deps_.agent, clean.epoch);
}

void Work::Recover(std::stop_token stop) {
  for (const auto& [name, volume] : deps_.volumes) {
    const auto pending = RecoverPublishes(*volume, deps_.agent);
    if (!pending.ok()) {
      LOG_ERROR("a volume could not be searched for journals",
                {{"volume", name}, {"error", pending.status().ToString()}});
      continue;
    }
    for (const PendingPublish& each : *pending) {
      // A task that is at it already does the same; and what gets no answer now is asked for by the next task.
      const auto turn = turns_.TryTake(each.journal.transfer);
      if (!turn) continue;
      const StopAfter limit(stop, kAskAgain);
      const absl::Status status = PublishPending(*volume, each.journal.transfer, each.journal.epoch, limit.token());
      LOG_INFO("a publish of an earlier run was taken up",
               {{"transfer", each.journal.transfer}, {"outcome", status.ToString()}});
    }
  }
  std::vector<SignedReceipt> receipts = deps_.receipts.Kept();
  // The sender's may have been handed in already: the same once more does no harm. They stay until their attempt ends.
  std::ranges::move(deps_.receipts.KeptSent(deps_.clock.Now() - kAttemptMax), std::back_inserter(receipts));
  for (const SignedReceipt& kept : receipts) {
    const absl::Status status = deps_.receipts.Submit(kept, deps_.reports, stop);
    if (!status.ok())
      LOG_WARNING("a kept receipt was not taken", {{"transfer", kept.transfer}, {"error", status.ToString()}});
  }
}

}  // namespace crossdock::agent
