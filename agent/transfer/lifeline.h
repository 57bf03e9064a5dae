// The one place where an attempt ends: the first failure wins, and everything that waits is told.
//
// Thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <stop_token>

#include "absl/status/status.h"
#include "lib/base/fd.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

class Lifeline {
 public:
  // A stop of `outer` is a failure with CANCELLED.
  explicit Lifeline(const std::stop_token& outer);

  // Ends the attempt with `status` (not OK), unless it has ended already.
  void Fail(const absl::Status& status);
  // Ends it well: legs that still wait are let go.
  void Finish();
  bool ended() const { return source_.stop_requested(); }
  // OK while it runs and when it ended well.
  absl::Status status() const;
  // Stopped when the attempt has ended, for streams to abort, dialers to give up, waits to wake.
  std::stop_token token() const { return source_.get_token(); }

  // Wakes the control leg's poll.
  void Wake() const;
  int wake_fd() const { return wake_.get(); }
  void ClearWake() const;

 private:
  mutable base::Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  const base::UniqueFd wake_;
  std::stop_source source_;
  std::optional<std::stop_callback<std::function<void()>>> outer_;
};

}  // namespace crossdock::agent
