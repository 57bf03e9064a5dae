// The ledger of an attempt: an append-only file beside its staged data that says which files are complete.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/core/ledger_record.h"
#include "agent/storage/file_calls.h"
#include "agent/storage/ledger_reader.h"
#include "lib/base/fd.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

// Thread-safe.
class Ledger {
 public:
  // Opens or makes `ledger` in `directory` and locks it for this process: STAGING_BUSY when another attempt has it.
  // Every record that it holds goes to `each`, with where it stands; a torn tail is cut off.
  using EachRecord = EachLedgerRecord;
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(int directory, bool create, FileCalls& calls,
                                                      const EachRecord& each);

  absl::Status Append(const LedgerRecord& record);
  // The record that stands at `at`, as `each` was told.
  absl::StatusOr<LedgerRecord> Read(uint64_t at) const;
  absl::Status Sync();

 private:
  Ledger(base::UniqueFd fd, FileCalls& calls) : fd_(std::move(fd)), calls_(calls) {}

  const base::UniqueFd fd_;
  FileCalls& calls_;
  base::Mutex mutex_;
  // A record that was written in part: nothing may follow it.
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crossdock::agent
