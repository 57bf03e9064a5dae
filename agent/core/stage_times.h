// Where the time of an attempt's data legs goes, so that a transfer can say what holds it back.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

enum class StageOf : uint8_t {
  kStorage,  // waiting for the source to be read; at the receiver: for the destination to be written
  kWork,     // the processor: digests, TLS, copies
  kCap,      // sender: keeping to the cap
  kLan,      // sender: the own network takes no more
  kLine,     // sender: the relay takes no more, because of itself or of what comes behind it; receiver: nothing comes
  kIdle,     // sender: nothing left to send, not all acknowledged
};
inline constexpr size_t kStages = 6;

// All data legs together.
using StageSums = std::array<std::chrono::nanoseconds, kStages>;
// Of the time between two looks; they add up to 1, or are all 0.
using StageShares = std::array<float, kStages>;
// `after` with less in all than `before` is another attempt's, which began at nothing.
StageShares SharesBetween(const StageSums& before, const StageSums& after);

// Thread-safe.
class StageTimes {
 public:
  // From `now` on `leg` waits for `stage`. A wait counts while it lasts, so that a long one does not go unseen.
  void BeginWait(const void* leg, StageOf stage, base::Steady now);
  // What `leg` has waited for since BeginWait, which may have been found out meanwhile, less the processor time `work`
  // that it took in between.
  void EndWait(const void* leg, StageOf stage, std::chrono::nanoseconds work, base::Steady now);
  void AddWork(std::chrono::nanoseconds work);

  StageSums Sums(base::Steady now) const;

 private:
  struct Wait {
    StageOf stage;
    base::Steady since;
  };

  mutable base::Mutex mutex_;
  StageSums sums_ ABSL_GUARDED_BY(mutex_){};
  std::map<const void*, Wait> waits_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::agent
