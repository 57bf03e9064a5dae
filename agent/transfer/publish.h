// Publishing: from a complete, durable tree in staging to the package at its place, all or nothing, never over anything
// that is there unless the transfer says so.
//
//   CheckDestination → PreparePlace → journal(prepared), durable → the orchestrator's commit → journal(committed) →
//   Place: rename, exchange or links → fsync → journal(published) → receipt
//
// A crash anywhere leaves the journal; RecoverPublishes finds it, and FinishPublish takes the same steps again: each of
// them sees whether it has been done.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/publish_journal.h"
#include "agent/storage/volume.h"
#include "agent/transfer/plan.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Where a package is to stand, and what it may do to what stands there.
struct PackagePlace {
  wire::PackageForm form = wire::PackageForm::kDirectory;
  std::string destination;  // as the journal's
  Merge merge = Merge::kNever;
  bool replace = false;
};

enum class DestinationState {
  kFree,       // nothing there, or (when merged) nothing in the way
  kIdentical,  // exactly this content is there
};
// Compares what is staged in `data` with the destination; DESTINATION_EXISTS when something else is there.
absl::StatusOr<DestinationState> CheckDestination(Volume& volume, int data, const PackagePlace& place);

// The same from the listing alone, before anything is sent: DESTINATION_EXISTS when names and sizes already say that
// something else is there. Reads no content.
absl::Status CheckDestinationListing(Volume& volume, const wire::Manifest& manifest, const PackagePlace& place);

// Asks (`commit`), publishes and says what came of it. `staging` is the attempt's directory. COMMIT_UNKNOWN when the
// answer did not come: the journal stays, and this is called again later. COMMIT_FENCED, COMMIT_REFUSED: the journal
// is gone and nothing was moved. The errors of PreparePlace come before anybody was asked. Callable again after any
// failure. `manifest`: the package's, when it is at hand.
absl::StatusOr<PublishJournal> Publish(Volume& volume, int staging, PublishJournal journal,
                                       const CommitCallback& commit, const base::Clock& clock,
                                       const wire::Manifest* manifest = nullptr);

// Forgets the journal of a publish that is over. Before its staging is removed: a journal without the staged tree could
// not be finished.
absl::Status EndPublish(Volume& volume, int staging);

// An attempt that was about to publish when its program ended.
struct PendingPublish {
  PublishJournal journal;
  std::string staging;  // relative to the volume
};
// All journals of `agent` on the volume. Damaged ones are logged and left.
absl::StatusOr<std::vector<PendingPublish>> RecoverPublishes(Volume& volume, const std::string& agent);
// Finishes one of them: asks again when the answer is not known (kPrepared), publishes, removes the agent's staging of
// the transfer. The journal that comes back holds what a receipt needs. One at a time: whoever calls this, or an
// attempt at the same transfer, holds its turn (StagingTurns).
absl::StatusOr<PublishJournal> FinishPublish(Volume& volume, const PendingPublish& pending,
                                             const CommitCallback& commit, const PublishedCallback& published,
                                             const base::Clock& clock);

}  // namespace crossdock::agent
