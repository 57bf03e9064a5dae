#include "agent/transfer/landing_pool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "agent/storage/io_reason.h"
#include "agent/storage/stretch.h"
#include "agent/storage/xxh3.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

// Measured: eight writers that sync make twice the files per second of one; more gain nothing.
constexpr size_t kThreads = 4;
constexpr size_t kWaitingMax = 256;
// As many as one thread lands at a time: they share a sync of the ledger and of their directories.
constexpr size_t kBatchMax = kWaitingMax / kThreads;

absl::Status ReadBack(FileCalls& calls, const Landing& landing) {
  const int fd = landing.fd->get();
  posix_fadvise(fd, static_cast<off_t>(landing.offset), static_cast<off_t>(landing.length), POSIX_FADV_DONTNEED);
  Xxh3 xxh3;
  std::vector<char> buffer(1u << 20);
  for (uint64_t done = 0; done < landing.length;) {
    const uint64_t at = landing.offset + done;
    const Stretch stretch = StretchAt(fd, at, landing.offset + landing.length);
    if (stretch.hole) {
      xxh3.UpdateZeros(stretch.length);
      done += stretch.length;
      continue;
    }
    const ssize_t got =
        calls.ReadAt(fd, buffer.data(), std::min<uint64_t>(buffer.size(), stretch.length), static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read back", landing.path);
    if (got == 0) break;
    xxh3.Update({buffer.data(), static_cast<size_t>(got)});
    done += static_cast<uint64_t>(got);
  }
  if (xxh3.Finish() == landing.xxh3) return absl::OkStatus();
  return Fail(wire::Reason::kDigestMismatch, "'", base::PercentEscape(landing.path),
              "' reads back from storage as something else than was written");
}

// "a/b/c.exr" → "a/b"; "" for what stands in the root.
std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

}  // namespace

LandingPool::LandingPool(int data, FileCalls& calls, Ledger& ledger, Verify verify, Durability durability)
    : data_(data), calls_(calls), ledger_(ledger), verify_(verify), durability_(durability) {
  for (size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { Work(); });
}

LandingPool::~LandingPool() { End(); }

void LandingPool::End() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void LandingPool::Stop() {
  base::MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyAll();
}

bool LandingPool::Add(Landing landing) {
  base::MutexLock lock(mutex_);
  while (waiting_.size() >= kWaitingMax && !stopping_) changed_.Wait(mutex_);
  if (stopping_) return false;
  waiting_.push_back(std::move(landing));
  changed_.NotifyAll();
  return true;
}

void LandingPool::AddNow(Landing landing) {
  base::MutexLock lock(mutex_);
  waiting_.push_back(std::move(landing));
  changed_.NotifyAll();
}

LandingPool::Batch LandingPool::Take() {
  base::MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
  Batch batch;
  // What has arrived whole is still recorded, so that nobody sends it again; to read it back would take too long.
  if (stopping_ && verify_ == Verify::kReadback) return batch;
  // Its part of what waits, so that the threads sync side by side.
  const size_t count = std::min(waiting_.size() / kThreads + 1, kBatchMax);
  while (!waiting_.empty() && batch.size() < count) {
    batch.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  changed_.NotifyAll();
  return batch;
}

void LandingPool::Work() {
  for (Batch batch = Take(); !batch.empty(); batch = Take()) {
    std::vector<absl::Status> landed;
    bool recorded = false;
    // Blocks of one file share a sync.
    std::map<int, absl::Status> files;
    for (Landing& landing : batch) {
      if (landing.fd && (durability_ == Durability::kSafe || verify_ == Verify::kReadback)) {
        const auto [file, first] = files.try_emplace(landing.fd->get());
        if (first && calls_.Sync(file->first) != 0) {
          file->second = DestinationError(errno, "cannot make durable", landing.path);
        }
        landed.push_back(file->second.ok() ? Land(landing) : file->second);
      } else {
        landed.push_back(Land(landing));
      }
      recorded = recorded || (landed.back().ok() && landing.record);
    }
    const absl::Status synced = recorded && durability_ == Durability::kSafe ? SyncBatch(batch) : absl::OkStatus();
    for (size_t i = 0; i < batch.size(); ++i) batch[i].then(landed[i].ok() ? synced : landed[i]);
  }
}

absl::Status LandingPool::Land(Landing& landing) {
  if (landing.length > 0 && verify_ == Verify::kReadback) RETURN_IF_ERROR(ReadBack(calls_, landing));
  return landing.record ? ledger_.Append(*landing.record) : absl::OkStatus();
}

absl::Status LandingPool::SyncBatch(const Batch& batch) {
  std::set<std::string> directories;
  for (const Landing& landing : batch) {
    if (landing.fd) directories.insert(DirectoryOf(landing.path));
  }
  std::set<std::string> above;
  {
    base::MutexLock lock(mutex_);
    for (const std::string& directory : directories) {
      for (std::string at = directory; !at.empty() && !anchored_.contains(at); at = DirectoryOf(at)) above.insert(at);
    }
  }
  std::set<std::string> all = directories;
  for (const std::string& directory : above) all.insert(DirectoryOf(directory));
  for (const std::string& directory : all) {
    const base::UniqueFd fd = OpenBeneath(data_, directory, O_RDONLY | O_DIRECTORY);
    if (!fd || calls_.Sync(fd.get()) != 0) return DestinationError(errno, "cannot make durable", directory);
  }
  RETURN_IF_ERROR(ledger_.Sync());
  base::MutexLock lock(mutex_);
  anchored_.merge(above);
  return absl::OkStatus();
}

}  // namespace crossdock::agent
