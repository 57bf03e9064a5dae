// WarrantWatch asks again, while bytes flow, whether they may: when what this agent believes has changed (a roster, a
// policy in force, a withdrawal, a denial), when the task brings other papers, and when time alone has changed the
// answer. What no longer may go is stopped, whatever the orchestrator says.
//
// A thread of its own from the constructor to the destructor. Thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <thread>

#include "absl/status/status.h"
#include "agent/core/task_runner.h"
#include "agent/trust/warrant.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

struct WarrantPace {
  // How often it looks whether anything has changed.
  std::chrono::milliseconds look{200};
  // Where the rules have changed, the task that goes by the new ones has so long to come before it is stopped.
  std::chrono::milliseconds papers{2'000};
  // What ends by time alone the orchestrator ends, by a clock that may be a little off this one.
  std::chrono::milliseconds late{30'000};
};

class WarrantWatch {
 public:
  // `warranted` is what Check said of `task`. All but these two outlive the watch.
  WarrantWatch(const Warrants& warrants, const TaskControl& control, std::shared_ptr<const Task> task,
               Warranted warranted, const base::Clock& clock, const WarrantPace& pace = {});

  // Requested when the task's own stop is, and when the warrant has lapsed.
  std::stop_token stop() const { return source_.get_token(); }
  // Why it was stopped here; OK when it was not.
  absl::Status lapsed() const;
  // One more look, before this agent lends its word: its receipt, or the question whether to publish. From an OK on
  // nothing stops it here.
  absl::Status Settle();

 private:
  struct Forward {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };

  void Watch(const std::stop_token& over);
  // The task has changed, or what is believed.
  bool IsNews(const std::shared_ptr<const Task>& task) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Asks, and remembers the answer. OK for what is no move any more.
  absl::Status Ask(const std::shared_ptr<const Task>& task) ABSL_LOCKS_EXCLUDED(mutex_);
  void Lapse(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

  const Warrants& warrants_;
  const TaskControl& control_;
  const base::Clock& clock_;
  const WarrantPace pace_;
  mutable base::Mutex mutex_;
  std::shared_ptr<const Task> task_ ABSL_GUARDED_BY(mutex_);  // that was asked about last
  const bool scanned_;                                        // the release scan was due when it began
  uint64_t revision_ ABSL_GUARDED_BY(mutex_);                 // of what was believed then
  base::Instant until_ ABSL_GUARDED_BY(mutex_);
  absl::Status lapsed_ ABSL_GUARDED_BY(mutex_);
  bool settled_ ABSL_GUARDED_BY(mutex_) = false;
  std::stop_source source_;
  std::stop_callback<Forward> forward_;
  std::jthread thread_;  // last: it uses the rest
};

}  // namespace crossdock::agent
