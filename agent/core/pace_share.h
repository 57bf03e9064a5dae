// The cap of an attempt, shared evenly by those of its legs that have something to send, so that a leg without work
// takes nothing from the others.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace crossdock::agent {

// Thread-safe.
class PaceShare {
 public:
  static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

  explicit PaceShare(uint64_t bytes_per_second_max) : cap_(bytes_per_second_max) {}

  // Of all legs together, 0 for no cap; from now on.
  void SetCap(uint64_t bytes_per_second_max) { cap_ = bytes_per_second_max; }
  // A leg has something to send; it has no more.
  void Enter() { ++busy_; }
  void Leave() { --busy_; }
  // Bytes per second of one busy leg, or kUnlimited. It changes with every Enter, Leave and SetCap.
  uint64_t Share() const {
    const uint64_t cap = cap_.load(std::memory_order_relaxed);
    if (cap == 0) return kUnlimited;
    return std::max<uint64_t>(cap / std::max(1, busy_.load(std::memory_order_relaxed)), 1);
  }

 private:
  std::atomic<uint64_t> cap_;
  std::atomic<int> busy_{0};
};

}  // namespace crossdock::agent
