#include "agent/transfer/landing_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/xxh3.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

// Measured: eight writers that sync make twice the files per second of one; more gain nothing.
constexpr size_t kThreads = 4;
constexpr size_t kWaitingMax = 256;

absl::Status ReadBack(FileCalls& calls, const LandedFile& file) {
  posix_fadvise(file.fd.get(), 0, 0, POSIX_FADV_DONTNEED);
  if (lseek(file.fd.get(), 0, SEEK_SET) != 0) return DestinationError(errno, "cannot read back", file.record.path);
  Xxh3 xxh3;
  std::vector<char> buffer(1u << 20);
  while (true) {
    const ssize_t got = calls.Read(file.fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read back", file.record.path);
    if (got == 0) break;
    xxh3.Update({buffer.data(), static_cast<size_t>(got)});
  }
  if (xxh3.Finish() == file.record.xxh3) return absl::OkStatus();
  return Fail(wire::Reason::kDigestMismatch, "'", base::PercentEscape(file.record.path),
              "' reads back from storage as something else than was written");
}

}  // namespace

LandingPool::LandingPool(FileCalls& calls, Ledger& ledger, Verify verify, Durability durability, Landed landed)
    : calls_(calls), ledger_(ledger), verify_(verify), durability_(durability), landed_(std::move(landed)) {
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Work(); });
}

LandingPool::~LandingPool() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

void LandingPool::Stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyAll();
}

bool LandingPool::Add(LandedFile file) {
  base::MutexLock lock(mutex_);
  while (waiting_.size() >= kWaitingMax && !stopping_) changed_.Wait(mutex_);
  if (stopping_) return false;
  waiting_.push_back(std::move(file));
  changed_.NotifyAll();
  return true;
}

void LandingPool::Work() {
  while (true) {
    LandedFile file;
    {
      base::MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
      // What has arrived whole is still recorded, so that nobody sends it again; to read it back would take too long.
      if (waiting_.empty() || (stopping_ && verify_ == Verify::kReadback)) return;
      file = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.NotifyAll();
    }
    landed_(file.index, Land(file));
  }
}

absl::Status LandingPool::Land(LandedFile& file) {
  if (durability_ == Durability::kSafe || verify_ == Verify::kReadback) {
    if (calls_.Sync(file.fd.get()) != 0) return DestinationError(errno, "cannot make durable", file.record.path);
  }
  if (verify_ == Verify::kReadback) RETURN_IF_ERROR(ReadBack(calls_, file));
  return ledger_.Append(file.record);
}

}  // namespace crossdock::agent
