// Waiting for a socket: always until a deadline, and always so that another thread can end it.
#pragma once

#include <chrono>

#include "absl/status/status.h"
#include "lib/base/clock.h"
#include "lib/base/fd.h"

namespace crossdock::net {

// Set once, it ends every wait that looks at it, now and later. Thread-safe; must outlive the waits.
class Interrupt {
 public:
  Interrupt();
  void Set();
  bool IsSet() const;
  int fd() const { return event_.get(); }

 private:
  base::UniqueFd event_;  // readable when set
};

// How long a call may take at most. The machine's own clock: a fake one could not wake a poll.
struct Deadline {
  base::Steady at;
  const Interrupt* interrupt = nullptr;

  static Deadline After(std::chrono::milliseconds time, const Interrupt* interrupt = nullptr);
  // At least 0; rounded up, so that a wait never ends early and spins.
  std::chrono::milliseconds Left() const;
};

// OK when `fd` has one of `events` (POLLIN, POLLOUT), an error or a hang-up: the next call on it says which.
// Otherwise kDeadlineExceeded with TIMEOUT, or kCancelled with INTERRUPTED.
absl::Status WaitFor(int fd, short events, const Deadline& deadline);

}  // namespace crossdock::net
