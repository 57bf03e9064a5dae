// A calendar of days and times, for the hours of a rule: a strict, small part of iCalendar (RFC 5545). Pure but for the
// machine's zone data, which Abseil reads.
//
// Read: VEVENT with DTSTART (a day, or a time in UTC or with TZID), DTEND or DURATION, RRULE with FREQ DAILY, WEEKLY,
// MONTHLY or YEARLY, INTERVAL, COUNT, UNTIL, WKST, BYDAY (with ordinals within a month), BYMONTH, BYMONTHDAY; EXDATE.
// Whatever else could change when an event takes place is refused, never ignored. Texts for people are skipped, and so
// is VTIMEZONE: a TZID must be an IANA zone, and this machine says what its clocks do.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "lib/policy/interval.h"

namespace crossdock::policy {

inline constexpr size_t kCalendarSizeMax = 64u << 10;
inline constexpr size_t kEventsMax = 500;
inline constexpr int kCountMax = 5'000;
// How far from a given time anybody looks.
inline constexpr std::chrono::hours kCalendarHorizon{24 * 400};

struct Recurrence {
  enum class Frequency { kDaily, kWeekly, kMonthly, kYearly };
  Frequency frequency = Frequency::kDaily;
  int interval = 1;
  int count = 0;                           // 0: no end by number
  std::optional<absl::CivilSecond> until;  // the last start that is in; in UTC unless the event is of whole days
  absl::Weekday week_start = absl::Weekday::monday;
  struct Day {
    int ordinal = 0;  // -5 … 5; 0: each
    absl::Weekday weekday = absl::Weekday::monday;
  };
  std::vector<Day> days;
  std::set<int> months, month_days;  // month_days: 1 … 31, and -31 … -1 from the month's end
};

struct CalendarEvent {
  absl::CivilSecond start;  // of the first
  absl::CivilSecond end;    // exclusive
  bool whole_days = false;
  std::string zone;  // IANA; empty for whole days, which are those of the window's clock
  std::optional<Recurrence> recurrence;
  std::set<absl::CivilSecond> except;  // starts that are left out
  int line = 0;                        // where it begins
};

struct Calendar {
  std::string name;
  std::string digest;  // SHA-256, lower hex: of its text with LF as line ends; of a file, of its bytes
  std::vector<CalendarEvent> events;
  std::string file = {};  // of one that the policy binds by digest: what its author called it; else empty
  // False: the policy binds a file, and whoever parsed it did not have that. Whatever goes by it cannot be decided.
  bool known = true;

  // By content: what it is called decides nothing.
  bool operator==(const Calendar& other) const { return digest == other.digest; }
};

// kInvalidArgument: `line N: what is wrong; what to write instead`.
absl::StatusOr<Calendar> ParseCalendar(std::string_view text);

// The starts of an event from `first` to `last`, in order, those that it leaves out among them. An event that does not
// recur has its one start.
std::vector<absl::CivilSecond> StartsOf(const CalendarEvent& event, absl::CivilSecond first, absl::CivilSecond last);

// When its events take place between two instants; days are those of `zone`. Of a start that clocks repeat the earlier,
// of an end the later; of what they skip the next that there is. Nothing: a zone is not known on this machine, or the
// calendar is not.
std::optional<std::vector<Interval>> TakenBy(const Calendar& calendar, std::string_view zone, Instant from, Instant to);

// After which it has no event; nothing: one goes on for ever, or there is none.
std::optional<absl::CivilSecond> EndOf(const Calendar& calendar);

}  // namespace crossdock::policy
