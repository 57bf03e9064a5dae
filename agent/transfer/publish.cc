#include "agent/transfer/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/tree.h"
#include "agent/transfer/destination.h"
#include "agent/transfer/publish_place.h"
#include "agent/transfer/publish_record.h"
#include "agent/transfer/staging.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

constexpr char kJournal[] = "journal";
constexpr size_t kJournalMax = 64u << 10;

absl::Status WriteJournal(Volume& volume, int staging, const PublishJournal& journal) {
  const std::string bytes = Encode(journal);
  FileCalls& calls = volume.calls();
  const base::UniqueFd fd(calls.Create(staging, "journal.new", O_WRONLY | O_TRUNC, 0600));
  if (!fd) return DestinationError(errno, "cannot make", kJournal);
  const ssize_t put = calls.Write(fd.get(), bytes.data(), bytes.size());
  if (put != static_cast<ssize_t>(bytes.size())) {
    return DestinationError(put < 0 ? errno : ENOSPC, "cannot write", kJournal);
  }
  if (calls.Sync(fd.get()) != 0 || calls.Rename(staging, "journal.new", staging, kJournal) != 0 ||
      calls.Sync(staging) != 0) {
    return DestinationError(errno, "cannot make durable", kJournal);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status EndPublish(Volume& volume, int staging) {
  if (volume.calls().Unlink(staging, kJournal, 0) != 0 && errno != ENOENT) {
    return DestinationError(errno, "cannot remove", kJournal);
  }
  return SyncDirectory(volume, staging, kJournal);
}

absl::StatusOr<PublishJournal> Publish(Volume& volume, int staging, PublishJournal journal,
                                       const CommitCallback& commit, const base::Clock& clock,
                                       const wire::Manifest* manifest) {
  JoinedRecord record(volume, staging, journal, manifest);
  if (journal.phase == PublishPhase::kPrepared) {
    RETURN_IF_ERROR(PreparePlace(volume, staging, record, &journal));
    RETURN_IF_ERROR(WriteJournal(volume, staging, journal));
    const auto verdict = commit();
    if (!verdict.ok()) {
      return Fail(Reason::kCommitUnknown,
                  "the orchestrator's answer to the commit did not come: ", base::ToStd(verdict.status().message()));
    }
    switch (*verdict) {
      case CommitVerdict::kPublish:
        break;
      case CommitVerdict::kFenced:
        RETURN_IF_ERROR(EndPublish(volume, staging));
        return Fail(Reason::kCommitFenced, "a newer attempt exists, or the transfer has ended; nothing was published");
      case CommitVerdict::kRefused:
        RETURN_IF_ERROR(EndPublish(volume, staging));
        return Fail(Reason::kCommitRefused, "the transfer is no longer allowed; nothing was published");
    }
    journal.phase = PublishPhase::kCommitted;
    RETURN_IF_ERROR(WriteJournal(volume, staging, journal));
  }
  if (journal.phase == PublishPhase::kCommitted) {
    RETURN_IF_ERROR(Place(volume, staging, record, &journal, [&] { return WriteJournal(volume, staging, journal); }));
    // From here on the package is the site's: it may be moved or changed, and is not looked at again.
    journal.phase = PublishPhase::kPublished;
    journal.ended_us = clock.Now().time_since_epoch().count();
    RETURN_IF_ERROR(WriteJournal(volume, staging, journal));
  }
  return journal;
}

absl::StatusOr<std::vector<PendingPublish>> RecoverPublishes(Volume& volume, const std::string& agent) {
  std::vector<PendingPublish> pending;
  const base::UniqueFd root = OpenBeneath(volume.root(), kStagingRoot, O_RDONLY | O_DIRECTORY);
  if (!root && errno == ENOENT) return pending;
  if (!root) return DestinationError(errno, "cannot open", kStagingRoot);
  ASSIGN_OR_RETURN(const std::vector<std::string> transfers, ListDirectory(root.get(), kStagingRoot));
  for (const std::string& transfer : transfers) {
    const base::UniqueFd directory = OpenBeneath(root.get(), transfer, O_RDONLY | O_DIRECTORY);
    if (!directory) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> attempts, ListDirectory(directory.get(), transfer));
    for (const std::string& attempt : attempts) {
      const base::UniqueFd file = OpenBeneath(directory.get(), attempt + "/" + kJournal, O_RDONLY);
      if (!file) continue;
      std::string bytes(kJournalMax, '\0');
      const ssize_t got = volume.calls().Read(file.get(), bytes.data(), bytes.size());
      const auto journal = DecodeJournal(std::string_view(bytes).substr(0, got < 0 ? 0 : static_cast<size_t>(got)));
      if (!journal.ok()) {
        LOG_ERROR("a publish journal cannot be read", {{"transfer", transfer}, {"attempt", attempt}});
        continue;
      }
      if (journal->agent != agent) continue;
      pending.push_back({*journal, base::StrCat(std::string(kStagingRoot), "/", transfer, "/", attempt)});
    }
  }
  return pending;
}

absl::StatusOr<PublishJournal> FinishPublish(Volume& volume, const PendingPublish& pending,
                                             const CommitCallback& commit, const PublishedCallback& published,
                                             const base::Clock& clock) {
  const base::UniqueFd staging = OpenBeneath(volume.root(), pending.staging, O_RDONLY | O_DIRECTORY);
  if (!staging) return DestinationError(errno, "cannot open", pending.staging);
  ASSIGN_OR_RETURN(PublishJournal journal, Publish(volume, staging.get(), pending.journal, commit, clock));
  if (published) RETURN_IF_ERROR(published(journal));
  RETURN_IF_ERROR(EndPublish(volume, staging.get()));
  // The package is there: what is left in staging is litter, which a clean task removes later.
  const absl::Status removed = RemoveStaging(volume, journal.transfer, journal.agent, journal.epoch);
  if (!removed.ok())
    LOG_WARNING("staging is left over", {{"transfer", journal.transfer}, {"error", removed.ToString()}});
  return journal;
}

}  // namespace crossdock::agent
