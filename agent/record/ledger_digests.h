// The digests with which a package's files were verified as they landed, from the ledger of their attempt.
#pragma once

#include "absl/status/statusor.h"
#include "agent/record/staged_record.h"

namespace crossdock::agent {

// `staging` is the attempt's directory, in which nothing lands any more. About 17 bytes a file.
absl::StatusOr<LandedDigests> ReadLedgerDigests(const Volume& volume, int staging, const wire::Manifest& manifest);

}  // namespace crossdock::agent
