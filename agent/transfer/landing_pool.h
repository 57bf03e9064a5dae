// Makes what was received durable away from the network's threads, records it in the ledger, and says so.
//
// In `safe` mode nothing is said to have landed before a power cut could no longer undo it: the bytes, the names that
// lead to them, and the ledger's record. Many landings share the last two.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "agent/storage/volume.h"
#include "agent/transfer/ledger.h"
#include "agent/transfer/plan.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

// Some bytes of a staged file, verified by their digest as they arrived.
struct Landing {
  std::shared_ptr<const base::UniqueFd> fd;  // open for reading too; none: nothing to make durable
  std::string path;                          // below the staged data
  uint64_t offset = 0;
  uint64_t length = 0;
  wire::Digest128 xxh3{};
  std::optional<LedgerRecord> record;
  // On a thread of the pool, once it has landed or failed; an error is the volume's.
  std::function<void(const absl::Status& status)> then;
};

// Thread-safe. Everything given must outlive it.
class LandingPool {
 public:
  // `data` is the directory of the staged tree.
  LandingPool(int data, FileCalls& calls, Ledger& ledger, Verify verify, Durability durability);
  // As End().
  ~LandingPool();

  // Blocks while too much waits: a disk that cannot follow slows the line down. False when the pool is stopping.
  bool Add(Landing landing);
  // From the pool's own threads: never blocks.
  void AddNow(Landing landing);
  // No more is taken. What waits is still landed, unless it would be read back.
  void Stop();
  // Stops, and waits until that is over: nothing of the pool's calls back any more. By the owner alone.
  void End();

 private:
  using Batch = std::vector<Landing>;
  void Work();
  // Blocks; empty when it is over.
  Batch Take();
  absl::Status Land(Landing& landing);
  // All names above the batch's files, and the ledger.
  absl::Status SyncBatch(const Batch& batch);

  const int data_;
  FileCalls& calls_;
  Ledger& ledger_;
  const Verify verify_;
  const Durability durability_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Landing> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  // Directories whose own names, up to the staged tree's root, are durable.
  std::set<std::string> anchored_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace crossdock::agent
