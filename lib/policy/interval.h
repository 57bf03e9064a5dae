// Stretches of time, as hours and calendars resolve to. Pure.
#pragma once

#include <vector>

#include "lib/base/clock.h"

namespace crossdock::policy {

using base::Instant;

struct Interval {
  Instant from, to;  // `to` is exclusive
};

// In order, and joined where they touch or overlap. What is empty goes.
std::vector<Interval> Joined(std::vector<Interval> intervals);
// What is in both, and what is in `a` and not in `b`. Both sorted and joined, as above.
std::vector<Interval> Intersect(const std::vector<Interval>& a, const std::vector<Interval>& b);
std::vector<Interval> Subtract(const std::vector<Interval>& a, const std::vector<Interval>& b);

}  // namespace crossdock::policy
