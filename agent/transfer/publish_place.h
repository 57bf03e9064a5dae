// From the staging to the place: by which way, and the way itself.
#pragma once

#include <functional>

#include "agent/core/publish_journal.h"
#include "agent/storage/volume.h"

namespace crossdock::agent {

// Before the commit: chooses the way by what stands at the destination and by what the storage can do, and makes ready
// what it needs, so that what cannot be is refused while nothing has been promised. Callable again as long as nothing
// has been placed. Errors as BuildMerged.
absl::Status PreparePlace(Volume& volume, int staging, PublishJournal* journal);

// After the commit. What stands at the destination may have changed since: then the way is chosen anew, and `keep`
// makes the journal durable before it is gone. Callable again after any failure and any crash.
absl::Status Place(Volume& volume, int staging, PublishJournal* journal, const std::function<absl::Status()>& keep);

}  // namespace crossdock::agent
