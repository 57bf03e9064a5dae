// Threads that come and go, none of which outlives its owner.
//
// A detached thread may still be giving back what libraries keep for it (OpenSSL does) while the process ends around
// it.
#pragma once

#include <cstdint>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/mutex.h"

namespace crossdock::base {

// Thread-safe; also for its own threads, which may start others.
class Crew {
 public:
  Crew() = default;
  ~Crew() { JoinAll(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  // Runs `work` on a thread of its own, which must not throw. Throws std::system_error when the host gives no thread;
  // nothing runs then. Joins those that have ended.
  template <typename Work>
  void Start(Work work) {
    MutexLock lock(mutex_);  // until the handle stands where the thread looks for it when it ends
    JoinEnded();
    const uint64_t id = ++last_id_;
    std::thread& handle = running_[id];
    try {
      handle = std::thread([this, id, work = std::move(work)]() mutable {
        {
          Work own = std::move(work);  // gone, with all that it holds, before anybody waits for this thread
          own();
        }
        End(id);
      });
    } catch (...) {
      running_.erase(id);
      throw;
    }
  }

  // Waits until none runs. Not from one of them.
  void JoinAll() {
    MutexLock lock(mutex_);
    while (!running_.empty()) changed_.Wait(mutex_);
    JoinEnded();
  }

 private:
  void End(uint64_t id) {
    MutexLock lock(mutex_);
    ended_.push_back(std::move(running_.extract(id).mapped()));
    changed_.NotifyAll();
  }

  // An ended thread has let go of the lock or is about to, so that this never waits long.
  void JoinEnded() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (std::thread& thread : ended_) thread.join();
    ended_.clear();
  }

  Mutex mutex_;
  CondVar changed_;
  std::map<uint64_t, std::thread> running_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> ended_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace crossdock::base
