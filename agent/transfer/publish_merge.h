// A package into a directory that stands there already.
//
// Whole: what is there and what comes are linked into `merged` in staging; the two trees change names in one call, so
// that everybody sees either the old directory or the complete new one; the old tree goes with the staging. In place:
// file by file, with `.crossdock-incomplete` in the directory meanwhile, for storage that cannot exchange names.
//
// The directory's integrity record gets its generation in the same tree, or, in place, as the last thing before the
// marker goes. A record that the package brings of a folder which has one there stays behind.
//
// No file that was there is lost or changed, except one of the same name when the transfer says `replace`. Each step
// sees whether it has been done, so that all of them may be taken again after a crash.
#pragma once

#include "agent/core/publish_journal.h"
#include "agent/storage/volume.h"
#include "agent/transfer/publish_record.h"

namespace crossdock::agent {

inline constexpr char kMergedTree[] = "merged";
inline constexpr char kIncompleteMarker[] = ".crossdock-incomplete";

// Before the commit. Makes the merged tree and puts its inode, and the old directory's, into the journal.
// MERGE_NOT_WHOLE when this storage or this directory cannot be merged at once; DESTINATION_EXISTS when a name is taken
// by other content; STAGING_BUSY while another transfer publishes into the directory in place; those of JoinedRecord.
absl::Status BuildMerged(Volume& volume, int staging, JoinedRecord& record, PublishJournal* journal);

// Whether the trees have changed names.
bool HasExchanged(int staging, const PublishJournal& journal);
absl::Status ExchangeMerged(Volume& volume, int staging, const PublishJournal& journal);

// STAGING_BUSY while another transfer publishes into the directory in place.
absl::Status CheckNoMarker(Volume& volume, const PublishJournal& journal);
absl::Status PublishInPlace(Volume& volume, int staging, JoinedRecord& record, const PublishJournal& journal);

}  // namespace crossdock::agent
