#include "relay/busy.h"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>

namespace crossdock::relay {
namespace {

std::chrono::microseconds ToDuration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

}  // namespace

std::chrono::microseconds ProcessorTime() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return ToDuration(usage.ru_utime) + ToDuration(usage.ru_stime);
}

int Processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? std::max(CPU_COUNT(&set), 1) : 1;
}

uint16_t BusyMeter::PerMille(std::chrono::microseconds used, int processors, base::Steady now) {
  const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - since_);
  if (passed < kIntervalMin) return last_;
  last_ = static_cast<uint16_t>(
      std::clamp<int64_t>((used - used_).count() * 1000 / (passed.count() * std::max(processors, 1)), 0, 1000));
  used_ = used;
  since_ = now;
  return last_;
}

}  // namespace crossdock::relay
