// How long to wait before the next try: exponential, with full jitter, so that a thousand agents that lost the same
// orchestrator do not come back in one moment. Not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

#include "lib/base/random.h"

namespace crossdock::agent {

class Backoff {
 public:
  // Waits are uniform in 0 … ceiling; the ceiling starts at `first` and doubles up to `most`.
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most) : first_(first), most_(most) {}

  std::chrono::milliseconds Next(base::Random& random) {
    const std::chrono::milliseconds ceiling = ceiling_.count() == 0 ? first_ : std::min(most_, ceiling_ * 2);
    ceiling_ = ceiling;
    return std::chrono::milliseconds(random.Next() % (static_cast<uint64_t>(ceiling.count()) + 1));
  }
  // It worked: the next failure starts small again.
  void Reset() { ceiling_ = {}; }

 private:
  const std::chrono::milliseconds first_;
  const std::chrono::milliseconds most_;
  std::chrono::milliseconds ceiling_{};
};

}  // namespace crossdock::agent
