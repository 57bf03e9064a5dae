#include <algorithm>

#include "absl/time/time.h"
#include "lib/base/strings.h"
#include "lib/policy/calendar.h"
#include "lib/policy/window.h"

namespace crossdock::policy {
namespace {

using absl::CivilDay;
using absl::CivilMonth;
using absl::CivilSecond;
using Frequency = Recurrence::Frequency;

// So that a rule which names no day that exists ends.
constexpr int kPeriodsMax = 100'000;

int DaysIn(CivilMonth month) { return static_cast<int>(CivilDay(month + 1) - CivilDay(month)); }

bool IsOneOf(const Recurrence& rule, CivilDay day) {
  if (rule.days.empty()) return true;
  const CivilMonth month(day);
  const int from_start = (day.day() - 1) / 7 + 1, from_end = -((DaysIn(month) - day.day()) / 7 + 1);
  return std::any_of(rule.days.begin(), rule.days.end(), [&](const Recurrence::Day& each) {
    return each.weekday == absl::GetWeekday(day) &&
           (each.ordinal == 0 || each.ordinal == from_start || each.ordinal == from_end);
  });
}

bool IsMonthDay(const Recurrence& rule, CivilDay day) {
  return rule.month_days.empty() || rule.month_days.contains(day.day()) ||
         rule.month_days.contains(day.day() - DaysIn(CivilMonth(day)) - 1);
}

bool Keeps(const Recurrence& rule, CivilDay day) {
  return (rule.months.empty() || rule.months.contains(day.month())) && IsMonthDay(rule, day) && IsOneOf(rule, day);
}

class Expansion {
 public:
  Expansion(const CivilSecond& start, const Recurrence& rule) : first_(start), rule_(rule) {}

  // The days of the n-th period, in order. The first period is the one in which the event begins.
  std::vector<CivilDay> Period(int n) const {
    const int step = n * rule_.interval;
    switch (rule_.frequency) {
      case Frequency::kDaily:
        return Kept(first_ + step, 1);
      case Frequency::kWeekly:
        return Week(step);
      case Frequency::kMonthly:
        return Month(CivilMonth(first_) + step);
      case Frequency::kYearly:
        return Year(first_.year() + step);
    }
    return {};
  }

 private:
  std::vector<CivilDay> Kept(CivilDay from, int days) const {
    std::vector<CivilDay> kept;
    for (int i = 0; i < days; ++i) {
      if (Keeps(rule_, from + i)) kept.push_back(from + i);
    }
    return kept;
  }

  std::vector<CivilDay> Week(int step) const {
    const CivilDay monday = absl::PrevWeekday(first_ + 1, rule_.week_start) + 7 * step;
    std::vector<CivilDay> days = Kept(monday, 7);
    if (rule_.days.empty()) {
      std::erase_if(days, [&](CivilDay day) { return absl::GetWeekday(day) != absl::GetWeekday(first_); });
    }
    return days;
  }

  // Without a word about days it is the first event's day of the month, in months that have it.
  std::vector<CivilDay> Month(CivilMonth month) const {
    if (!rule_.days.empty() || !rule_.month_days.empty()) return Kept(CivilDay(month), DaysIn(month));
    if (first_.day() > DaysIn(month)) return {};
    return Kept(CivilDay(month) + (first_.day() - 1), 1);
  }

  std::vector<CivilDay> Year(absl::civil_year_t year) const {
    const bool by_month = rule_.months.empty() && rule_.days.empty() && rule_.month_days.empty();
    std::vector<CivilDay> days;
    for (int month = 1; month <= 12; ++month) {
      if (by_month && month != first_.month()) continue;
      if (!rule_.months.empty() && !rule_.months.contains(month)) continue;
      const std::vector<CivilDay> more = Month(CivilMonth(year, month));
      days.insert(days.end(), more.begin(), more.end());
    }
    return days;
  }

  const CivilDay first_;
  const Recurrence& rule_;
};

// The last start that `until` lets in, on the event's own clock.
bool IsPast(const CivilSecond& start, const CalendarEvent& event) {
  const std::optional<CivilSecond>& until = event.recurrence->until;
  if (!until) return false;
  if (event.whole_days) return start > *until;
  const std::optional<Instant> at = InstantOf(start, event.zone, false), end = InstantOf(*until, "UTC", false);
  return at && end && *at > *end;
}

}  // namespace

std::vector<CivilSecond> StartsOf(const CalendarEvent& event, CivilSecond first, CivilSecond last) {
  if (!event.recurrence) return {event.start};
  std::vector<CivilSecond> starts;
  int count = 0;
  const Expansion expansion(event.start, *event.recurrence);
  const int64_t time_of_day = event.start - CivilSecond(CivilDay(event.start));
  for (int n = 0; n < kPeriodsMax; ++n) {
    for (const CivilDay day : expansion.Period(n)) {
      const CivilSecond start = CivilSecond(day) + time_of_day;
      if (start < event.start) continue;
      const bool counted = event.recurrence->count != 0 && count >= event.recurrence->count;
      if (counted || start > last || IsPast(start, event)) return starts;
      ++count;
      if (start >= first) starts.push_back(start);
    }
    // Nothing of a later period begins before this one did.
    const int64_t days_passed = static_cast<int64_t>(n) * event.recurrence->interval;
    if (event.start + days_passed * 86'400 > last) break;
  }
  return starts;
}

std::optional<std::vector<Interval>> TakenBy(const Calendar& calendar, std::string_view zone, Instant from,
                                             Instant to) {
  if (!calendar.known) return std::nullopt;
  std::vector<Interval> taken;
  absl::TimeZone known;
  for (const CalendarEvent& event : calendar.events) {
    const std::string_view clock = event.whole_days ? zone : std::string_view(event.zone);
    if (!absl::LoadTimeZone(base::ToAbsl(clock), &known)) return std::nullopt;
    const auto civil = [&](Instant at) { return known.At(absl::FromUnixMicros(at.time_since_epoch().count())).cs; };
    const int64_t length = event.end - event.start;
    // A day of slack on both sides: what clocks skip and repeat is less.
    for (const CivilSecond& start : StartsOf(event, civil(from) - length - 86'400, civil(to) + 86'400)) {
      if (event.except.contains(start)) continue;
      const std::optional<Instant> begins = InstantOf(start, clock, false);
      const std::optional<Instant> ends = InstantOf(start + length, clock, true);
      if (!begins || !ends) return std::nullopt;
      if (*ends <= from || *begins >= to) continue;
      taken.push_back({std::max(*begins, from), std::min(*ends, to)});
    }
  }
  return Joined(std::move(taken));
}

std::optional<CivilSecond> EndOf(const Calendar& calendar) {
  std::optional<CivilSecond> end;
  for (const CalendarEvent& event : calendar.events) {
    if (event.recurrence && event.recurrence->count == 0 && !event.recurrence->until) return std::nullopt;
    const std::vector<CivilSecond> starts = StartsOf(event, CivilSecond::min(), CivilSecond::max());
    if (starts.empty()) continue;
    const CivilSecond last = starts.back() + (event.end - event.start);
    end = end ? std::max(*end, last) : last;
  }
  return end;
}

}  // namespace crossdock::policy
