#include "agent/transfer/ledger.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/volume.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(int directory, bool create, FileCalls& calls,
                                                     const EachRecord& each) {
  base::UniqueFd fd = OpenBeneath(directory, "ledger", O_RDWR | O_APPEND | (create ? O_CREAT : 0), create ? 0600 : 0);
  if (!fd) return DestinationError(errno, "cannot open", "ledger");
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return Fail(wire::Reason::kStagingBusy, "an older attempt at this transfer still has its staging open");
  }
  ASSIGN_OR_RETURN(const off_t sound, ReadLedger(fd.get(), calls, each));
  if (ftruncate(fd.get(), sound) != 0) return DestinationError(errno, "cannot cut the torn end of", "ledger");
  return std::unique_ptr<Ledger>(new Ledger(std::move(fd), calls));
}

absl::StatusOr<LedgerRecord> Ledger::Read(uint64_t at) const {
  std::string bytes(kLedgerRecordMax + 16, '\0');
  const ssize_t got = calls_.ReadAt(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
  if (got < 0) return DestinationError(errno, "cannot read", "ledger");
  LedgerRecord record;
  size_t consumed = 0;
  bytes.resize(static_cast<size_t>(got));
  if (DecodeLedger(bytes, &record, &consumed) == LedgerRead::kRecord) return record;
  return DestinationError(EIO, "cannot read again", "ledger");
}

absl::Status Ledger::Append(const LedgerRecord& record) {
  const std::string bytes = EncodeLedger(record);
  base::MutexLock lock(mutex_);
  if (broken_) return DestinationError(EIO, "cannot write", "ledger");
  const ssize_t put = calls_.Write(fd_.get(), bytes.data(), bytes.size());
  if (put == static_cast<ssize_t>(bytes.size())) return absl::OkStatus();
  const int error = put < 0 ? errno : ENOSPC;
  broken_ = put > 0;
  return DestinationError(error, "cannot write", "ledger");
}

absl::Status Ledger::Sync() {
  if (calls_.Sync(fd_.get()) != 0) return DestinationError(errno, "cannot sync", "ledger");
  return absl::OkStatus();
}

}  // namespace crossdock::agent
