// The hours in which a rule lets transfers run: weekly, on a clock of its own. Pure but for the zone data of the
// machine, which Abseil reads.
#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "lib/base/clock.h"

namespace crossdock::policy {

using base::Instant;

struct Window {
  enum class Clock { kDestination, kSource, kZone };
  Clock clock = Clock::kDestination;
  std::string zone;      // of kZone: IANA
  std::bitset<7> days;   // on which it opens; 0 is Monday
  int opens = 0;         // minutes of the day
  int closes = 24 * 60;  // likewise; at or before `opens` it is on the next day

  bool operator==(const Window&) const = default;
};

struct Interval {
  Instant from, to;  // `to` is exclusive
};

// When it is open between two instants on the clock of `zone`, in order and joined where they touch; nothing: this
// machine does not know the zone. An opening that the clocks skip waits for the next time that there is; of a time that
// they repeat the opening is the later one and the closing the earlier one.
std::optional<std::vector<Interval>> OpenBetween(const Window& window, std::string_view zone, Instant from, Instant to);

// Whether `from` is in one of `intervals`, and when that changes; nothing: not within them.
struct Opening {
  bool open = false;
  std::optional<Instant> edge;
};
Opening OpeningAt(const std::vector<Interval>& intervals, Instant now);

// What is in all of both. Sorted, as above.
std::vector<Interval> Intersect(const std::vector<Interval>& a, const std::vector<Interval>& b);

std::string_view DayName(size_t day);  // mon … sun

// The instant of a civil time. Of one that the clocks skip the next that there is; of a repeated one the later or the
// earlier. Nothing: the zone is not known.
std::optional<Instant> InstantOf(absl::CivilSecond civil, std::string_view zone, bool later);

}  // namespace crossdock::policy
