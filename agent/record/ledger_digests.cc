#include "agent/record/ledger_digests.h"

#include <fcntl.h>

#include <cerrno>

#include "agent/core/ledger_record.h"
#include "agent/storage/io_reason.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

constexpr size_t kReadSize = 1u << 20;

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
  std::string window, more(kReadSize, '\0');
  while (true) {
    const ssize_t got = volume.calls().Read(fd.get(), more.data(), more.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read", "ledger");
    if (got == 0) return digests;
    window.append(more, 0, static_cast<size_t>(got));
    size_t at = 0;
    while (true) {
      LedgerRecord record;
      size_t consumed = 0;
      const LedgerRead read = DecodeLedger(std::string_view(window).substr(at), &record, &consumed);
      // Files that it does not tell of are read.
      if (read == LedgerRead::kTorn) return digests;
      if (read == LedgerRead::kMore) break;
      Take(record, manifest, &digests);
      at += consumed;
    }
    window.erase(0, at);
  }
}

}  // namespace crossdock::agent
