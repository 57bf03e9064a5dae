// The hours in which a rule lets transfers run: weekly, on a clock of its own. Pure but for the zone data of the
// machine, which Abseil reads.
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "lib/base/clock.h"
#include "lib/policy/calendar.h"
#include "lib/policy/interval.h"

namespace crossdock::policy {

// A calendar that hours name. Two are one when they say the same.
struct CalendarRef {
  std::shared_ptr<const Calendar> calendar;  // never null
  bool operator==(const CalendarRef& other) const { return *calendar == *other.calendar; }
};

struct Window {
  enum class Clock { kDestination, kSource, kZone };
  Clock clock = Clock::kDestination;
  std::string zone;                 // of kZone: IANA
  std::bitset<7> days;              // on which it opens; 0 is Monday
  int opens = 0;                    // minutes of the day
  int closes = 24 * 60;             // likewise; at or before `opens` it is on the next day
  std::vector<CalendarRef> only;    // open only while one of these has an event; none: always
  std::vector<CalendarRef> except;  // closed while any of these has one

  bool operator==(const Window&) const = default;
  bool HasCalendars() const { return !only.empty() || !except.empty(); }
  // The first calendar that is not known here (Calendar::known), or null.
  const Calendar* UnknownCalendar() const;
};

// When it is open between two instants on the clock of `zone`, in order and joined where they touch; nothing: this
// machine does not know the zone, or one of a calendar's, or a calendar. An opening that the clocks skip waits for the
// next time that there is; of a time that they repeat the opening is the later one and the closing the earlier one.
std::optional<std::vector<Interval>> OpenBetween(const Window& window, std::string_view zone, Instant from, Instant to);

// Whether `from` is in one of `intervals`, and when that changes; nothing: not within them.
struct Opening {
  bool open = false;
  std::optional<Instant> edge;
};
Opening OpeningAt(const std::vector<Interval>& intervals, Instant now);

std::string_view DayName(size_t day);  // mon … sun

// The instant of a civil time. Of one that the clocks skip the next that there is; of a repeated one the later or the
// earlier. Nothing: the zone is not known.
std::optional<Instant> InstantOf(absl::CivilSecond civil, std::string_view zone, bool later);

}  // namespace crossdock::policy
