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

// By days and hours alone.
std::vector<Interval> OpenWeekly(const Window& window, const absl::TimeZone& zone, Instant from, Instant to) {
  std::vector<Interval> intervals;
  const int closes = window.closes + (window.closes <= window.opens ? 24 * 60 : 0);
  // What opened the day before may be open still.
  absl::CivilDay day = absl::CivilDay(zone.At(ToAbslTime(from)).cs) - 2;
  for (; ToInstant(zone.At(absl::CivilSecond(day)).pre) < to; ++day) {
    if (!window.days[static_cast<size_t>(absl::GetWeekday(day))]) continue;
    const absl::CivilMinute midnight(day);
    Interval open{Resolve(absl::CivilSecond(midnight + window.opens), zone, true),
                  Resolve(absl::CivilSecond(midnight + closes), zone, false)};
    intervals.push_back({std::max(open.from, from), std::min(open.to, to)});
  }
  return Joined(std::move(intervals));
}

}  // namespace

const Calendar* Window::UnknownCalendar() const {
  for (const std::vector<CalendarRef>* refs : {&only, &except}) {
    for (const CalendarRef& ref : *refs) {
      if (!ref.calendar->known) return ref.calendar.get();
    }
  }
  return nullptr;
}

std::optional<std::vector<Interval>> OpenBetween(const Window& window, std::string_view zone_name, Instant from,
                                                 Instant to) {
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(base::ToAbsl(zone_name), &zone)) return std::nullopt;
  std::vector<Interval> open = OpenWeekly(window, zone, from, to);
  std::vector<Interval> let;
  for (const CalendarRef& each : window.only) {
    const auto taken = TakenBy(*each.calendar, zone_name, from, to);
    if (!taken) return std::nullopt;
    let.insert(let.end(), taken->begin(), taken->end());
  }
  if (!window.only.empty()) open = Intersect(open, Joined(std::move(let)));
  for (const CalendarRef& each : window.except) {
    const auto taken = TakenBy(*each.calendar, zone_name, from, to);
    if (!taken) return std::nullopt;
    open = Subtract(open, *taken);
  }
  return open;
}

Opening OpeningAt(const std::vector<Interval>& intervals, Instant now) {
  for (const Interval& interval : intervals) {
    if (now < interval.from) return {false, interval.from};
    if (now < interval.to) return {true, interval.to};
  }
  return {};
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
