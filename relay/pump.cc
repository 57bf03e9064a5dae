#include "relay/pump.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/base/fd.h"
#include "lib/base/status.h"
#include "lib/net/read_batch.h"

namespace crossdock::relay {
namespace {

struct Direction {
  Direction(int source, int target) : from(source), to(target), batch(source) {}

  const int from;
  const int to;
  net::ReadBatch batch;
  base::UniqueFd in;  // of the pipe
  base::UniqueFd out;
  size_t capacity = 0;
  size_t held = 0;      // bytes in the pipe
  bool ended = false;   // `from` has nothing more
  bool closed = false;  // and `to` knows
  uint64_t taken = 0;   // into the pipe
  uint64_t moved = 0;   // out of it

  bool wants_read() const { return !ended && held < capacity; }
  bool wants_write() const { return held > 0; }
};

absl::Status Open(Direction& direction, size_t wanted) {
  int fds[2];
  if (::pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0) return base::Errno(errno, "making a pipe");
  direction.out = base::UniqueFd(fds[0]);
  direction.in = base::UniqueFd(fds[1]);
  const int size = ::fcntl(direction.in.get(), F_SETPIPE_SZ, static_cast<int>(wanted));
  const int now = size > 0 ? size : ::fcntl(direction.in.get(), F_GETPIPE_SZ);
  direction.capacity = now > 0 ? static_cast<size_t>(now) : 65536;
  return absl::OkStatus();
}

absl::Status Lost() { return base::WithReason(base::Errno(errno, "splicing"), "CONNECTION_LOST"); }

// Moves what can be moved now.
absl::Status Step(Direction& d) {
  constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
  for (bool progress = true; progress;) {
    progress = false;
    if (d.wants_read()) {
      const ssize_t got = ::splice(d.from, nullptr, d.in.get(), nullptr, d.capacity - d.held, kFlags);
      if (got > 0) {
        d.held += static_cast<size_t>(got);
        d.taken += static_cast<uint64_t>(got);
        d.batch.Took(static_cast<uint64_t>(got));
      }
      if (got == 0) d.ended = true;
      if (got < 0 && errno != EAGAIN && errno != EINTR) return Lost();
      progress = got > 0;
    }
    if (d.wants_write()) {
      const ssize_t put = ::splice(d.out.get(), nullptr, d.to, nullptr, d.held, kFlags);
      if (put < 0 && errno != EAGAIN && errno != EINTR) return Lost();
      if (put > 0) {
        d.held -= static_cast<size_t>(put);
        d.moved += static_cast<uint64_t>(put);
        progress = true;
      }
    }
  }
  if (d.ended && d.held == 0 && !d.closed) {
    ::shutdown(d.to, SHUT_WR);
    d.closed = true;
  }
  return absl::OkStatus();
}

// A splice that found the socket empty with bytes in the pipe may have met a full pipe of few large buffers: then only
// writing helps, and level-triggered reading would spin. So reading is waited for with an empty pipe only.
pollfd Watch(int fd, const Direction& reads, const Direction& writes) {
  const bool over = reads.ended && writes.closed;  // would report its hang-up for ever
  const int events = (reads.wants_read() && !reads.wants_write() ? POLLIN : 0) | (writes.wants_write() ? POLLOUT : 0);
  return {over ? -1 : fd, static_cast<short>(events), 0};
}

// Broken, while nothing was wanted of it: no splice would tell.
bool IsBroken(const pollfd& watched) { return watched.events == 0 && (watched.revents & (POLLERR | POLLHUP)) != 0; }

}  // namespace

PumpOptions OptionsFor(bool control, bool first_sends, size_t joined, std::chrono::milliseconds idle_max) {
  constexpr size_t kKiB = 1024;
  PumpOptions options;
  options.idle_max = idle_max;
  const size_t content = joined <= 40 ? 1024 * kKiB : joined <= 100 ? 256 * kKiB : 64 * kKiB;
  const size_t answers = 16 * kKiB;
  options.pipe_forth = control ? 64 * kKiB : first_sends ? content : answers;
  options.pipe_back = control ? 64 * kKiB : first_sends ? answers : content;
  return options;
}

absl::Status Pump(int first, int second, const PumpOptions& options, const net::Interrupt& cut, PumpCounts* counts) {
  Direction forth(first, second);
  Direction back(second, first);
  RETURN_IF_ERROR(Open(forth, options.pipe_forth));
  RETURN_IF_ERROR(Open(back, options.pipe_back));
  absl::Status status;
  while (status.ok() && !(forth.closed && back.closed)) {
    std::array<pollfd, 3> watched{Watch(first, forth, back), Watch(second, back, forth), pollfd{cut.fd(), POLLIN, 0}};
    const bool batching = forth.batch.batching() || back.batch.batching();
    const std::chrono::milliseconds wait = batching ? net::ReadBatch::kPatience : options.idle_max;
    const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
    if (ready < 0 && errno != EINTR) status = base::Errno(errno, "polling");
    if (ready == 0 && !batching) status = base::WithReason(base::Unavailable("nothing moved for too long"), "IDLE");
    if (watched[2].revents != 0) status = base::WithReason(base::Error(absl::StatusCode::kCancelled, "cut"), "CUT");
    if (IsBroken(watched[0]) || IsBroken(watched[1]))
      status = base::WithReason(base::Unavailable("one end broke"), "CONNECTION_LOST");
    for (Direction* direction : {&forth, &back}) {
      const uint64_t before = direction->taken;
      if (status.ok()) status = Step(*direction);
      if (ready == 0 && direction->taken == before) direction->batch.Took(0);
    }
  }
  *counts = {forth.moved, back.moved};
  return status;
}

}  // namespace crossdock::relay
