// Who has something to do now. A wake-up is never a message: the duty looks at the database, and would do so anyway.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "lib/base/mutex.h"

namespace crossdock::orchestrator {

enum class Duty { kIntake, kDecide, kPlan, kWriteBack, kWatch };
inline constexpr int kDutyCount = 5;

// Thread-safe. Callbacks must be quick and must not call back.
class Wakes {
 public:
  // Replaces the callback; an empty one removes it.
  void OnDuty(Duty duty, std::function<void()> callback) {
    base::MutexLock lock(mutex_);
    duties_[static_cast<size_t>(duty)] = std::move(callback);
  }
  // Called with an agent's id when what it should be doing may have changed.
  void OnAgent(std::function<void(const std::string& agent)> callback) {
    base::MutexLock lock(mutex_);
    agent_ = std::move(callback);
  }

  void Wake(Duty duty) {
    base::MutexLock lock(mutex_);
    if (duties_[static_cast<size_t>(duty)]) duties_[static_cast<size_t>(duty)]();
  }
  void WakeAgent(const std::string& agent) {
    base::MutexLock lock(mutex_);
    if (agent_ && !agent.empty()) agent_(agent);
  }

 private:
  base::Mutex mutex_;
  std::array<std::function<void()>, kDutyCount> duties_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const std::string&)> agent_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::orchestrator
