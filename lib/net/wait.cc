#include "lib/net/wait.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "lib/base/check.h"
#include "lib/base/status.h"

namespace crossdock::net {
namespace {

base::Steady Now() { return base::SystemClock().MonotonicNow(); }

}  // namespace

Interrupt::Interrupt() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  INVARIANT(static_cast<bool>(event_)) << "no descriptor left for an eventfd";
}

void Interrupt::Set() {
  const uint64_t one = 1;
  (void)!::write(event_.get(), &one, sizeof one);
}

bool Interrupt::IsSet() const {
  pollfd watched{event_.get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

Deadline Deadline::After(std::chrono::milliseconds time, const Interrupt* interrupt) {
  return {Now() + time, interrupt};
}

std::chrono::milliseconds Deadline::Left() const {
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(at - Now()), std::chrono::milliseconds(0));
}

absl::Status WaitFor(int fd, short events, const Deadline& deadline) {
  pollfd watched[] = {{fd, events, 0}, {deadline.interrupt == nullptr ? -1 : deadline.interrupt->fd(), POLLIN, 0}};
  while (true) {
    const auto left = std::min(deadline.Left(), std::chrono::milliseconds(60'000));
    const int ready = ::poll(watched, 2, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return base::Errno(errno, "waiting for a connection");
    if (ready > 0 && watched[1].revents != 0) {
      return base::WithReason(base::Error(absl::StatusCode::kCancelled, "the wait was ended"), "INTERRUPTED");
    }
    if (ready > 0 && watched[0].revents != 0) return absl::OkStatus();
    if (deadline.Left() == std::chrono::milliseconds(0)) {
      return base::WithReason(base::Error(absl::StatusCode::kDeadlineExceeded, "no answer in time"), "TIMEOUT");
    }
  }
}

}  // namespace crossdock::net
