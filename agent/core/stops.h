// Waits that a stop ends, and stops that come by themselves. Thread-safe.
#pragma once

#include <chrono>
#include <stop_token>
#include <thread>

#include "lib/base/mutex.h"

namespace crossdock::agent {

// Waits for `time` or the stop, whichever comes first; false after a stop.
inline bool WaitUnlessStopped(const std::stop_token& stop, std::chrono::milliseconds time) {
  base::Mutex mutex;
  base::CondVar stopped;
  const std::stop_callback wake(stop, [&] {
    base::MutexLock lock(mutex);
    stopped.NotifyAll();
  });
  base::MutexLock lock(mutex);
  if (!stop.stop_requested()) stopped.WaitFor(mutex, time);
  return !stop.stop_requested();
}

// Requests a stop when `stop` does, or after `time`.
class StopAfter {
 public:
  StopAfter(const std::stop_token& stop, std::chrono::milliseconds time)
      : forward_(stop, Forward{&source_}), timer_([this, time](const std::stop_token& over) {
          if (WaitUnlessStopped(over, time)) source_.request_stop();
        }) {}
  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Forward {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Forward> forward_;
  std::jthread timer_;
};

}  // namespace crossdock::agent
