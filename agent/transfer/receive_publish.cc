// The end of an attempt: once everything has landed the package is finished, recorded and published, on a thread of its
// own.
#include <sys/stat.h>

#include <cerrno>

#include "agent/record/ledger_digests.h"
#include "agent/record/record_files.h"
#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/destination.h"
#include "agent/transfer/publish_record.h"
#include "agent/transfer/receive_attempt.h"
#include "agent/transfer/staged_tree.h"
#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::agent {

bool ReceiveAttempt::Complete() const { return manifest_checked_ && landed_ == listed_files_; }

void ReceiveAttempt::StartPublisherIfComplete() {
  if (!Complete() || publisher_closed_ || publisher_.joinable() || lifeline_->ended()) return;
  publisher_ = std::thread([this] {
    const absl::Status status = PublishAll();
    if (status.ok()) {
      result_.bytes_received = counters_.bytes_moved;
      result_.ended = deps_.clock.Now();
      control_->Queue(wire::Published{result_.already_present});
      control_->FinishWhenWritten();
    } else {
      lifeline_->Fail(status);
    }
  });
}

PackagePlace ReceiveAttempt::Destination() const {
  return {hello_.form, plan_.destination.path, plan_.merge, plan_.replace};
}

absl::Status ReceiveAttempt::PublishAll() {
  counters_.stage = Stage::kVerifying;
  RETURN_IF_ERROR(FinishTree());
  ASSIGN_OR_RETURN(const DestinationState there, CheckDestination(deps_.volume, staging_->data(), Destination()));
  struct stat info {};
  if (fstat(staging_->data(), &info) != 0) return DestinationError(errno, "cannot look at", "data");
  PublishJournal journal;
  if (there == DestinationState::kFree) RETURN_IF_ERROR(Record(&journal));
  journal.transfer = plan_.terms.transfer;
  journal.agent = plan_.agent;
  journal.epoch = plan_.terms.epoch;
  journal.form = hello_.form;
  journal.destination = plan_.destination.path;
  journal.listing_digest = plan_.terms.listing_digest;
  journal.content_root = plan_.terms.content_root;
  journal.policy_digest = plan_.terms.policy_digest;
  journal.began_us = result_.began.time_since_epoch().count();
  journal.verify = static_cast<uint8_t>(plan_.verify);
  journal.files = result_.files;
  journal.bytes = result_.bytes;
  journal.data_inode = info.st_ino;
  journal.merge = plan_.merge;
  journal.replace = plan_.replace;
  journal.already_present = there == DestinationState::kIdentical;
  counters_.stage = Stage::kCommitting;
  if (lifeline_->ended()) return lifeline_->status();
  ASSIGN_OR_RETURN(journal, Publish(deps_.volume, staging_->directory(), std::move(journal), plan_.commit, deps_.clock,
                                    &LandedManifest()));
  counters_.stage = Stage::kPublishing;
  result_.already_present = journal.already_present;
  if (plan_.published) RETURN_IF_ERROR(plan_.published(journal));
  // The package is there: what is left in staging is litter, and no reason to call the attempt failed.
  absl::Status removed = EndPublish(deps_.volume, staging_->directory());
  if (removed.ok()) removed = staging_->Remove();
  if (!removed.ok())
    LOG_WARNING("staging is left over", {{"transfer", journal.transfer}, {"error", removed.ToString()}});
  return absl::OkStatus();
}

const wire::Manifest& ReceiveAttempt::LandedManifest() {
  // The lock is for the analysis and for TSan's sake only.
  base::MutexLock lock(mutex_);
  const wire::Manifest* const manifest = &manifest_;
  return *manifest;
}

absl::Status ReceiveAttempt::FinishTree() {
  const wire::Manifest& manifest = LandedManifest();
  // This very epoch may have been here before.
  if (hello_.form != wire::PackageForm::kFile) {
    RETURN_IF_ERROR(RemoveOwnRecord(deps_.volume, staging_->data(), manifest));
  }
  RETURN_IF_ERROR(FinishStagedTree(deps_.volume, staging_->data(), manifest, IsSafe()));
  if (!IsSafe()) {
    if (deps_.volume.calls().SyncAll(staging_->data()) == 0) return absl::OkStatus();
    return DestinationError(errno, "cannot sync", "data");
  }
  RETURN_IF_ERROR(staging_->ledger().Sync());
  return SyncDirectories(staging_->data(), deps_.volume.calls());
}

absl::Status ReceiveAttempt::Record(PublishJournal* journal) {
  if (record_.formats.empty()) return absl::OkStatus();
  Volume& volume = deps_.volume;
  const std::string& destination = plan_.destination.path;
  const bool one_file = hello_.form == wire::PackageForm::kFile;
  // A single file is recorded where its directory is.
  if (one_file && !Stands(volume.root(), mhl::Below(destination.substr(0, destination.rfind('/') + 1), mhl::kFolder))) {
    return absl::OkStatus();
  }
  const wire::Manifest& manifest = LandedManifest();
  const base::Instant now = deps_.clock.Now();
  // Also where nothing stands yet: somebody may make the directory before this package has its name.
  if (hello_.form != wire::PackageForm::kDirectory || plan_.merge != Merge::kNever) {
    RETURN_IF_ERROR(KeepListing(volume, staging_->directory(), manifest));
    journal->record = ToJournal(record_, now);
  }
  ASSIGN_OR_RETURN(const LandedDigests digests, ReadLedgerDigests(volume, staging_->directory(), manifest));
  const bool joins = one_file || destination.empty() || InodeAt(volume.root(), destination) != 0;
  if (joins) return CheckOwnRecord(volume, staging_->data(), manifest, digests);
  return WriteRecord(volume, staging_->data(), manifest, digests, record_,
                     destination.substr(destination.rfind('/') + 1), now);
}

bool ReceiveAttempt::JoinPublisher() {
  std::thread publisher;
  {
    base::MutexLock lock(mutex_);
    // A file that lands from now on is the next attempt's.
    publisher_closed_ = true;
    publisher.swap(publisher_);
  }
  if (!publisher.joinable()) return false;
  publisher.join();
  return result_.ended != base::Instant();
}

}  // namespace crossdock::agent
