#include "lib/policy/interval.h"

#include <algorithm>

namespace crossdock::policy {

std::vector<Interval> Joined(std::vector<Interval> intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.from < b.from; });
  std::vector<Interval> joined;
  for (const Interval& each : intervals) {
    if (each.from >= each.to) continue;
    if (!joined.empty() && joined.back().to >= each.from) {
      joined.back().to = std::max(joined.back().to, each.to);
    } else {
      joined.push_back(each);
    }
  }
  return joined;
}

std::vector<Interval> Intersect(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> both;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    const Interval common{std::max(x->from, y->from), std::min(x->to, y->to)};
    if (common.from < common.to) both.push_back(common);
    x->to < y->to ? void(++x) : void(++y);
  }
  return both;
}

std::vector<Interval> Subtract(const std::vector<Interval>& a, const std::vector<Interval>& b) {
  std::vector<Interval> rest;
  for (Interval each : a) {
    for (const Interval& taken : b) {
      if (taken.to <= each.from || each.from >= each.to) continue;
      if (taken.from >= each.to) break;
      if (taken.from > each.from) rest.push_back({each.from, taken.from});
      each.from = taken.to;
    }
    if (each.from < each.to) rest.push_back(each);
  }
  return rest;
}

}  // namespace crossdock::policy
