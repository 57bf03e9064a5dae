// Makes received files durable away from the network's threads, records them in the ledger, and says that they landed.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "agent/storage/volume.h"
#include "agent/transfer/ledger.h"
#include "agent/transfer/plan.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

struct LandedFile {
  uint32_t index = 0;
  base::UniqueFd fd;  // open for reading too
  LedgerFile record;
};

// Thread-safe. Everything given must outlive it.
class LandingPool {
 public:
  using Landed = std::function<void(uint32_t index, const absl::Status& status)>;

  // `landed` is called on the pool's threads for every file.
  LandingPool(FileCalls& calls, Ledger& ledger, Verify verify, Durability durability, Landed landed);
  // Stops, and waits until that is over.
  ~LandingPool();

  // Blocks while too much waits: a disk that cannot follow slows the line down. False when the pool is stopping.
  bool Add(LandedFile file);
  // No more is taken. What waits is still landed, unless it would be read back.
  void Stop();

 private:
  void Work();
  absl::Status Land(LandedFile& file);

  FileCalls& calls_;
  Ledger& ledger_;
  const Verify verify_;
  const Durability durability_;
  const Landed landed_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<LandedFile> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace crossdock::agent
