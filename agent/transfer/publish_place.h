// From the staging to the place: by which way, and the way itself.
#pragma once

#include <functional>

#include "agent/core/publish_journal.h"
#include "agent/storage/volume.h"
#include "agent/transfer/publish_record.h"

namespace crossdock::agent {

// Before the commit: chooses the way by what stands at the destination and by what the storage can do, and makes ready
// what it needs, so that what cannot be is refused while nothing has been promised. Callable again as long as nothing
// has been placed. Errors as BuildMerged. `record` is the journal's.
absl::Status PreparePlace(Volume& volume, int staging, JoinedRecord& record, PublishJournal* journal);

// After the commit. What stands at the destination may have changed since: then the way is chosen anew, and `keep`
// makes the journal durable before it is gone. Callable again after any failure and any crash.
absl::Status Place(Volume& volume, int staging, JoinedRecord& record, PublishJournal* journal,
                   const std::function<absl::Status()>& keep);

}  // namespace crossdock::agent
