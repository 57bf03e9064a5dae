// Runs a duty again and again on a thread of its own: each `interval`, and at once when woken.
//
// A duty is a plain `RunOnce(now)`; tests call it directly and never need this class.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"

namespace crossdock::base {

// Thread-safe. The duty runs on the loop's thread only, never twice at once.
class PeriodicLoop {
 public:
  using Duty = std::function<absl::Status(Instant now)>;

  // Starts at once. `name` stands in the log; `clock` must outlive the loop. A failed run is logged and tried again.
  PeriodicLoop(std::string name, std::chrono::milliseconds interval, const Clock& clock, Duty duty);
  ~PeriodicLoop();

  // Makes the next run begin now; wake-ups during a run add up to one more run.
  void Wake();
  // Ends the loop after the run in progress; returns when its thread has ended. Idempotent.
  void Stop();
  // When the last run ended without error; for health.
  Instant last_success() const;

 private:
  void Run();

  const std::string name_;
  const std::chrono::milliseconds interval_;
  const Clock& clock_;
  const Duty duty_;
  mutable Mutex mutex_;
  CondVar changed_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Instant last_success_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace crossdock::base
