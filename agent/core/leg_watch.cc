#include "agent/core/leg_watch.h"

#include <algorithm>

namespace crossdock::agent {
namespace {

constexpr size_t kOthersMin = 3;
constexpr int kReplacedMax = 3;
constexpr double kHangsBehind = 8;

}  // namespace

std::vector<uint16_t> LegWatch::Judge(const std::vector<Sample>& samples, base::Steady now) {
  struct Rate {
    uint16_t leg = 0;
    bool waited = false;
    double bytes_per_second = 0;
  };
  std::vector<Rate> rates;
  for (const Sample& sample : samples) {
    Seen& seen = legs_[sample.leg];
    if (!sample.busy) {
      seen.since.reset();
      continue;
    }
    if (!seen.since) {
      seen.since = now;
      seen.bytes = sample.bytes;
      seen.waited = true;
    }
    // A leg that reads or hashes meanwhile is slow by its source's fault, not the line's.
    seen.waited = seen.waited && sample.waiting;
    if (now - *seen.since < window_) continue;
    const double seconds = std::chrono::duration<double>(now - *seen.since).count();
    rates.push_back({sample.leg, seen.waited, static_cast<double>(sample.bytes - seen.bytes) / seconds});
  }
  std::vector<uint16_t> behind;
  if (rates.size() <= kOthersMin) return behind;
  std::vector<double> sorted;
  for (const Rate& rate : rates) sorted.push_back(rate.bytes_per_second);
  std::nth_element(sorted.begin(), sorted.begin() + static_cast<ptrdiff_t>(sorted.size() / 2), sorted.end());
  const double median = sorted[sorted.size() / 2];
  for (const Rate& rate : rates) {
    Seen& seen = legs_[rate.leg];
    seen.since.reset();  // the next window
    if (!rate.waited || rate.bytes_per_second * kHangsBehind >= median || seen.replaced == kReplacedMax) continue;
    ++seen.replaced;
    behind.push_back(rate.leg);
  }
  return behind;
}

}  // namespace crossdock::agent
