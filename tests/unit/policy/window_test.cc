#include "lib/policy/window.h"

#include "catch2/catch.hpp"

namespace crossdock::policy {
namespace {

Instant At(std::string_view text) { return *base::ParseInstant(text); }

Window Of(const std::string& days, int opens, int closes) {
  Window window;
  window.days = std::bitset<7>(days);  // from Sunday to Monday, as bits are written
  window.opens = opens * 60;
  window.closes = closes * 60;
  return window;
}

std::string Text(const Window& window, std::string_view zone, std::string_view from, std::string_view to) {
  const auto intervals = OpenBetween(window, zone, At(from), At(to));
  if (!intervals) return "unknown zone";
  std::string text;
  for (const Interval& interval : *intervals) {
    text += base::FormatSeconds(interval.from) + " " + base::FormatSeconds(interval.to) + "\n";
  }
  return text;
}

TEST_CASE("working hours are on the window's own clock", "[window]") {
  const Window week = Of("0011111", 9, 18);
  // Friday and Monday in Vancouver, seven hours behind.
  CHECK(Text(week, "America/Vancouver", "2026-06-05T00:00:00Z", "2026-06-09T00:00:00Z") ==
        "2026-06-05T00:00:00Z 2026-06-05T01:00:00Z\n"
        "2026-06-05T16:00:00Z 2026-06-06T01:00:00Z\n"
        "2026-06-08T16:00:00Z 2026-06-09T00:00:00Z\n");
  CHECK(Text(week, "Mars/Olympus", "2026-06-05T00:00:00Z", "2026-06-09T00:00:00Z") == "unknown zone");
}

TEST_CASE("a window over midnight belongs to the day on which it opens", "[window]") {
  CHECK(Text(Of("0010000", 22, 6), "UTC", "2026-06-05T00:00:00Z", "2026-06-08T00:00:00Z") ==
        "2026-06-05T22:00:00Z 2026-06-06T06:00:00Z\n");
  CHECK(Text(Of("0010000", 22, 6), "UTC", "2026-06-06T05:00:00Z", "2026-06-06T12:00:00Z") ==
        "2026-06-06T05:00:00Z 2026-06-06T06:00:00Z\n");
}

TEST_CASE("whole days join", "[window]") {
  CHECK(Text(Of("1100000", 0, 24), "Europe/London", "2026-06-04T00:00:00Z", "2026-06-10T00:00:00Z") ==
        "2026-06-05T23:00:00Z 2026-06-07T23:00:00Z\n");
  CHECK(Text(Of("1111111", 0, 24), "UTC", "2026-02-27T00:00:00Z", "2028-03-02T00:00:00Z") ==
        "2026-02-27T00:00:00Z 2028-03-02T00:00:00Z\n");
}

TEST_CASE("T-19: an opening that the clocks skip waits for the next time that there is", "[window]") {
  // 2026-03-29 in London: 01:00 to 02:00 does not exist.
  Window window = Of("1000000", 1, 4);
  window.opens += 30;
  CHECK(Text(window, "Europe/London", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z") ==
        "2026-03-29T01:00:00Z 2026-03-29T03:00:00Z\n");
}

TEST_CASE("T-19: of a repeated hour the opening is the later and the closing the earlier one", "[window]") {
  // 2026-10-25 in London: 01:00 to 02:00 is there twice, from 00:00Z and from 01:00Z.
  Window opens = Of("1000000", 1, 4), closes = Of("1000000", 0, 1);
  opens.opens += 30;
  closes.closes += 30;
  CHECK(Text(opens, "Europe/London", "2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z") ==
        "2026-10-25T01:30:00Z 2026-10-25T04:00:00Z\n");
  CHECK(Text(closes, "Europe/London", "2026-10-24T22:00:00Z", "2026-10-26T00:00:00Z") ==
        "2026-10-24T23:00:00Z 2026-10-25T00:30:00Z\n");
}

TEST_CASE("T-19: a day that a zone left out at the date line has no hours", "[window]") {
  // Samoa went from Thursday, 29 December 2011 to Saturday, 31 December; Kiritimati is a day ahead of Honolulu at one hour.
  CHECK(Text(Of("1111111", 9, 10), "Pacific/Apia", "2011-12-29T00:00:00Z", "2012-01-01T00:00:00Z") ==
        "2011-12-29T19:00:00Z 2011-12-29T20:00:00Z\n"
        "2011-12-30T19:00:00Z 2011-12-30T20:00:00Z\n"
        "2011-12-31T19:00:00Z 2011-12-31T20:00:00Z\n");
  CHECK(Text(Of("0010000", 9, 10), "Pacific/Kiritimati", "2026-06-04T00:00:00Z", "2026-06-07T00:00:00Z") ==
        "2026-06-04T19:00:00Z 2026-06-04T20:00:00Z\n");
  CHECK(Text(Of("0010000", 9, 10), "Pacific/Honolulu", "2026-06-04T00:00:00Z", "2026-06-07T00:00:00Z") ==
        "2026-06-05T19:00:00Z 2026-06-05T20:00:00Z\n");
}

TEST_CASE("T-19: a leap day is a day", "[window]") {
  CHECK(Text(Of("0000010", 9, 18), "UTC", "2028-02-29T00:00:00Z", "2028-03-01T00:00:00Z") ==
        "2028-02-29T09:00:00Z 2028-02-29T18:00:00Z\n");
}

TEST_CASE("whether it is open, and until when", "[window]") {
  const std::vector<Interval> intervals{{At("2026-06-05T09:00:00Z"), At("2026-06-05T18:00:00Z")}};
  CHECK_FALSE(OpeningAt(intervals, At("2026-06-05T08:59:59Z")).open);
  CHECK(OpeningAt(intervals, At("2026-06-05T08:59:59Z")).edge == At("2026-06-05T09:00:00Z"));
  CHECK(OpeningAt(intervals, At("2026-06-05T09:00:00Z")).open);
  CHECK(OpeningAt(intervals, At("2026-06-05T09:00:00Z")).edge == At("2026-06-05T18:00:00Z"));
  CHECK_FALSE(OpeningAt(intervals, At("2026-06-05T18:00:00Z")).open);
  CHECK_FALSE(OpeningAt(intervals, At("2026-06-05T18:00:00Z")).edge.has_value());
}

TEST_CASE("two windows are open together where both are", "[window]") {
  const auto hours = [](int from, int to) {
    return Interval{At("2026-06-05T00:00:00Z") + std::chrono::hours(from),
                    At("2026-06-05T00:00:00Z") + std::chrono::hours(to)};
  };
  const auto both = Intersect({hours(0, 4), hours(6, 12), hours(20, 22)}, {hours(2, 8), hours(10, 21)});
  REQUIRE(both.size() == 4);
  CHECK((both[0].from == hours(2, 4).from && both[0].to == hours(2, 4).to));
  CHECK((both[1].from == hours(6, 8).from && both[1].to == hours(6, 8).to));
  CHECK((both[2].from == hours(10, 12).from && both[2].to == hours(10, 12).to));
  CHECK((both[3].from == hours(20, 21).from && both[3].to == hours(20, 21).to));
}

}  // namespace
}  // namespace crossdock::policy
