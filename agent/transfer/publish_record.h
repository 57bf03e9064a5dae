// The integrity record in publishing: what it needs is kept in staging with the journal, so that it is made as well
// when a crash came between.
//
//   listing   the package's manifest, kept when it may join a directory
#pragma once

#include "agent/core/publish_journal.h"
#include "agent/record/joined_record.h"
#include "agent/storage/volume.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// The terms as the journal keeps them.
JournalRecord ToJournal(const RecordTerms& terms, base::Instant at);

// Durable when it returns.
absl::Status KeepListing(const Volume& volume, int staging, const wire::Manifest& manifest);

// The generation about a package that joins a directory, as its journal asks for one. Not thread-safe; everything given
// must outlive it.
class JoinedRecord {
 public:
  // `manifest`: the package's; null when only what KeepListing kept is there.
  JoinedRecord(const Volume& volume, int staging, const PublishJournal& journal, const wire::Manifest* manifest)
      : volume_(volume), staging_(staging), journal_(journal), manifest_(manifest) {}

  // Makes it in `tree` (ExtendRecord). What was promised is published all the same when the record cannot be continued
  // any more after the commit: it is logged.
  absl::Status Extend(int tree);
  // Before the commit: whether it can be made where the package goes.
  absl::Status Check();
  bool wanted() const { return !journal_.record.formats.empty(); }

 private:
  absl::Status Load();
  absl::Status Run(int tree, bool write);

  const Volume& volume_;
  const int staging_;
  const PublishJournal& journal_;
  const wire::Manifest* manifest_;
  wire::Manifest kept_;
  LandedDigests digests_;
  bool loaded_ = false;
};

}  // namespace crossdock::agent
