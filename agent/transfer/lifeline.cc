#include "agent/transfer/lifeline.h"

#include <sys/eventfd.h>

#include "lib/base/check.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

Lifeline::Lifeline(const std::stop_token& outer) : wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  INVARIANT(wake_) << "no eventfd: the descriptor limit is too low";
  outer_.emplace(outer, [this] { Fail(wire::Fail(wire::Reason::kCancelled, "the attempt was stopped")); });
}

void Lifeline::Fail(const absl::Status& status) {
  {
    base::MutexLock lock(mutex_);
    if (source_.stop_requested() || !status_.ok()) return;
    status_ = status;
  }
  source_.request_stop();
  Wake();
}

void Lifeline::Finish() {
  source_.request_stop();
  Wake();
}

absl::Status Lifeline::status() const {
  base::MutexLock lock(mutex_);
  return status_;
}

void Lifeline::Wake() const { eventfd_write(wake_.get(), 1); }

void Lifeline::ClearWake() const {
  eventfd_t ignored = 0;
  eventfd_read(wake_.get(), &ignored);
}

}  // namespace crossdock::agent
