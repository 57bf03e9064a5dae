#include "agent/transfer/leg_clock.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace crossdock::agent {
namespace {

// Writes that went this close to the leg's share were held by the cap.
constexpr double kNearShare = 0.7;
// Single writes say little: the socket's buffer takes one at once and lets the next one wait for both.
constexpr double kLatelySeconds = 4;

struct SocketTimes {
  uint64_t busy = 0;     // microseconds with something to send
  uint64_t limited = 0;  // of them, because the other end took no more
};

// Zeros where the kernel does not say, as of socket pairs.
SocketTimes TimesOf(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return {info.tcpi_busy_time, info.tcpi_rwnd_limited};
}

}  // namespace

LegClock::LegClock(StageTimes& times, const base::Clock& clock)
    : times_(times), clock_(clock), cpu_(base::ThreadProcessorTime()) {}

void LegClock::BeginWait(StageOf stage) {
  const std::chrono::nanoseconds cpu = base::ThreadProcessorTime();
  times_.AddWork(cpu - cpu_);
  cpu_ = cpu;
  times_.BeginWait(this, stage, Now());
}

void LegClock::EndWait(StageOf stage) {
  const std::chrono::nanoseconds cpu = base::ThreadProcessorTime();
  times_.EndWait(this, stage, cpu - cpu_, Now());
  cpu_ = cpu;
}

absl::StatusOr<size_t> TimedStream::Read(char* bytes, size_t size) {
  const LegClock::Section section(clock_, StageOf::kLine);
  return stream_.Read(bytes, size);
}

StageOf TimedStream::WaitedFor(size_t bytes, double seconds, uint64_t share, bool own_network) {
  lately_.bytes += static_cast<double>(bytes);
  lately_.share += static_cast<double>(share) * seconds;
  lately_.seconds += seconds;
  const bool capped = lately_.bytes >= kNearShare * lately_.share;
  if (lately_.seconds > kLatelySeconds) lately_ = {lately_.bytes / 2, lately_.share / 2, lately_.seconds / 2};
  return capped ? StageOf::kCap : own_network ? StageOf::kLan : StageOf::kLine;
}

absl::Status TimedStream::Write(std::string_view bytes) {
  const base::Steady begin = clock_.Now();
  const SocketTimes before = TimesOf(fd());
  clock_.BeginWait(last_);
  absl::Status status = stream_.Write(bytes);
  const SocketTimes after = TimesOf(fd());
  const double seconds = std::chrono::duration<double>(clock_.Now() - begin).count();
  const uint64_t busy = after.busy - before.busy;
  const bool own_network = busy > 0 && (after.limited - before.limited) * 2 < busy;
  last_ = WaitedFor(bytes.size(), seconds, share_(), own_network);
  clock_.EndWait(last_);
  return status;
}

}  // namespace crossdock::agent
