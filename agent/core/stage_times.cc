#include "agent/core/stage_times.h"

#include <algorithm>
#include <numeric>

namespace crossdock::agent {
namespace {

using std::chrono::nanoseconds;

size_t IndexOf(StageOf stage) { return static_cast<size_t>(stage); }

nanoseconds All(const StageSums& sums) { return std::accumulate(sums.begin(), sums.end(), nanoseconds(0)); }

}  // namespace

StageShares SharesBetween(const StageSums& before, const StageSums& after) {
  const StageSums from = All(after) < All(before) ? StageSums{} : before;
  StageShares shares{};
  float all = 0;
  for (size_t i = 0; i < kStages; ++i) {
    // One stage alone may have lost: its wait turned out to be another's.
    shares[i] = static_cast<float>(std::max(after[i] - from[i], nanoseconds(0)).count());
    all += shares[i];
  }
  if (all == 0) return {};
  for (float& share : shares) share /= all;
  return shares;
}

void StageTimes::BeginWait(const void* leg, StageOf stage, base::Steady now) {
  const base::MutexLock lock(mutex_);
  waits_[leg] = {stage, now};
}

void StageTimes::EndWait(const void* leg, StageOf stage, nanoseconds work, base::Steady now) {
  const base::MutexLock lock(mutex_);
  const auto wait = waits_.find(leg);
  if (wait == waits_.end()) return;
  sums_[IndexOf(StageOf::kWork)] += work;
  sums_[IndexOf(stage)] += std::max<nanoseconds>(now - wait->second.since - work, nanoseconds(0));
  waits_.erase(wait);
}

void StageTimes::AddWork(nanoseconds work) {
  const base::MutexLock lock(mutex_);
  sums_[IndexOf(StageOf::kWork)] += work;
}

StageSums StageTimes::Sums(base::Steady now) const {
  const base::MutexLock lock(mutex_);
  StageSums sums = sums_;
  for (const auto& [leg, wait] : waits_) sums[IndexOf(wait.stage)] += now - wait.since;
  return sums;
}

}  // namespace crossdock::agent
