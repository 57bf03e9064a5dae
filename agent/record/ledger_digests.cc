#include "agent/record/ledger_digests.h"

#include <fcntl.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/ledger_reader.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

void Take(const LedgerRecord& record, const wire::Manifest& manifest, LandedDigests* digests) {
  const auto* const file = std::get_if<LedgerFile>(&record);
  const wire::Entry* const entry = file == nullptr ? nullptr : FindEntry(manifest, file->path);
  if (entry == nullptr || entry->size != file->size || entry->mtime_ns != file->mtime_ns) return;
  // A file that landed twice is what it was the second time.
  (*digests)[static_cast<size_t>(entry - manifest.entries.data())] = file->xxh3;
}

}  // namespace

absl::StatusOr<LandedDigests> ReadLedgerDigests(const Volume& volume, int staging, const wire::Manifest& manifest) {
  LandedDigests digests(manifest.entries.size());
  const base::UniqueFd fd = OpenBeneath(staging, "ledger", O_RDONLY | O_NOFOLLOW);
  if (!fd) return DestinationError(errno, "cannot open", "ledger");
  // Files that it does not tell of are read.
  RETURN_IF_ERROR(ReadLedger(fd.get(), volume.calls(), [&](const LedgerRecord& record, uint64_t) {
                    Take(record, manifest, &digests);
                  }).status());
  return digests;
}

}  // namespace crossdock::agent
