#include "lib/base/periodic.h"

#include "lib/base/log.h"
#include "lib/base/strings.h"

namespace crossdock::base {

PeriodicLoop::PeriodicLoop(std::string name, std::chrono::milliseconds interval, const Clock& clock, Duty duty)
    : name_(std::move(name)), interval_(interval), clock_(clock), duty_(std::move(duty)), thread_([this] { Run(); }) {}

PeriodicLoop::~PeriodicLoop() { Stop(); }

void PeriodicLoop::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  changed_.NotifyAll();
}

void PeriodicLoop::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

Instant PeriodicLoop::last_success() const {
  MutexLock lock(mutex_);
  return last_success_;
}

void PeriodicLoop::Run() {
  while (true) {
    const Instant now = clock_.Now();
    const absl::Status status = duty_(now);
    if (!status.ok()) LOG_WARNING("duty failed", {{"duty", name_}, {"error", status.ToString()}});
    MutexLock lock(mutex_);
    if (status.ok()) last_success_ = now;
    while (!woken_ && !stopping_) {
      if (!changed_.WaitFor(mutex_, interval_)) break;
    }
    if (stopping_) return;
    woken_ = false;
  }
}

}  // namespace crossdock::base
