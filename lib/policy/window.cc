#include "lib/policy/window.h"

#include <algorithm>

#include "absl/time/time.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

Instant ToInstant(absl::Time time) { return Instant(std::chrono::microseconds(absl::ToUnixMicros(time))); }
absl::Time ToAbslTime(Instant instant) { return absl::FromUnixMicros(instant.time_since_epoch().count()); }

Instant Resolve(absl::CivilSecond civil, const absl::TimeZone& zone, bool later) {
  const absl::TimeZone::TimeInfo info = zone.At(civil);
  if (info.kind == absl::TimeZone::TimeInfo::SKIPPED) return ToInstant(info.trans);
  return ToInstant(info.kind == absl::TimeZone::TimeInfo::REPEATED && later ? info.post : info.pre);
}

}  // namespace

std::optional<std::vector<Interval>> OpenBetween(const Window& window, std::string_view zone_name, Instant from,
                                                 Instant to) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(base::ToAbsl(zone_name), &zone)) return std::nullopt;
  std::vector<Interval> intervals;
  const int closes = window.closes + (window.closes <= window.opens ? 24 * 60 : 0);
  // What opened the day before may be open still.
  absl::CivilDay day = absl::CivilDay(zone.At(ToAbslTime(from)).cs) - 2;
  for (; ToInstant(zone.At(absl::CivilSecond(day)).pre) < to; ++day) {
    if (!window.days[static_cast<size_t>(absl::GetWeekday(day))]) continue;
    const absl::CivilMinute midnight(day);
    Interval open{Resolve(absl::CivilSecond(midnight + window.opens), zone, true),
                  Resolve(absl::CivilSecond(midnight + closes), zone, false)};
    open.from = std::max(open.from, from);
    open.to = std::min(open.to, to);
    if (open.from >= open.to) continue;
    if (!intervals.empty() && intervals.back().to >= open.from) {
      intervals.back().to = std::max(intervals.back().to, open.to);
    } else {
      intervals.push_back(open);
    }
  }
  return intervals;
}

Opening OpeningAt(const std::vector<Interval>& intervals, Instant now) {
  for (const Interval& interval : intervals) {
    if (now < interval.from) return {false, interval.from};
    if (now < interval.to) return {true, interval.to};
  }
  return {};
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

std::string_view DayName(size_t day) {
  constexpr std::string_view kNames[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  return kNames[day];
}

std::optional<Instant> InstantOf(absl::CivilSecond civil, std::string_view zone_name, bool later) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(base::ToAbsl(zone_name), &zone)) return std::nullopt;
  return Resolve(civil, zone, later);
}

}  // namespace crossdock::policy
