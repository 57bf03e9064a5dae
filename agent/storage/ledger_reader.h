// Reads an attempt's ledger from its beginning, as its attempt does when it takes over, and whoever needs its digests.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "agent/core/ledger_record.h"
#include "agent/storage/file_calls.h"

namespace crossdock::agent {

// Gives every record to `each`, with where it stands, up to the end or to the first that is not whole; returns the size
// of what is sound. `fd` stands at the beginning.
using EachLedgerRecord = std::function<void(const LedgerRecord& record, uint64_t at)>;
absl::StatusOr<off_t> ReadLedger(int fd, FileCalls& calls, const EachLedgerRecord& each);

}  // namespace crossdock::agent
