#include "lib/policy/calendar.h"

#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "lib/policy/window.h"

namespace crossdock::policy {
namespace {

using absl::CivilDay;
using absl::CivilSecond;

Instant At(std::string_view text) { return *base::ParseInstant(text); }

std::string Ics(const std::string& event) {
  return "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\nBEGIN:VEVENT\nUID:1\n" + event +
         "\nEND:VEVENT\nEND:VCALENDAR\n";
}

Calendar Read(const std::string& event) {
  const auto calendar = ParseCalendar(Ics(event));
  INFO(calendar.status().ToString());
  REQUIRE(calendar.ok());
  return *calendar;
}

// The days on which the only event begins, to the end of `year`.
std::string Days(const std::string& event, int year = 2027) {
  std::string days;
  for (const CivilSecond& start :
       StartsOf(Read(event).events.at(0), CivilSecond(1970), CivilSecond(CivilDay(year, 12, 31)))) {
    days += (days.empty() ? "" : " ") + absl::FormatCivilTime(CivilDay(start));
  }
  return days;
}

std::string Complaint(const std::string& text) {
  return std::string(base::ToStd(ParseCalendar(text).status().message()));
}

std::string Taken(const Calendar& calendar, std::string_view zone, std::string_view from, std::string_view to) {
  const auto taken = TakenBy(calendar, zone, At(from), At(to));
  if (!taken) return "unknown zone";
  std::string text;
  for (const Interval& each : *taken) {
    text += base::StrCat(text.empty() ? "" : " ", base::FormatSeconds(each.from), "/", base::FormatSeconds(each.to));
  }
  return text;
}

TEST_CASE("a day is a whole day on the clock of the window", "[calendar]") {
  const Calendar calendar = Read("DTSTART;VALUE=DATE:20261225");
  CHECK(Taken(calendar, "UTC", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z") ==
        "2026-12-25T00:00:00Z/2026-12-26T00:00:00Z");
  CHECK(Taken(calendar, "America/Vancouver", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z") ==
        "2026-12-25T08:00:00Z/2026-12-26T08:00:00Z");
}

TEST_CASE("a time is in UTC or on the clock of its zone", "[calendar]") {
  const auto taken = [](const char* event) {
    return Taken(Read(event), "America/Vancouver", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");
  };
  CHECK(taken("DTSTART:20260601T080000Z\nDTEND:20260601T100000Z") == "2026-06-01T08:00:00Z/2026-06-01T10:00:00Z");
  CHECK(taken("DTSTART;TZID=Europe/London:20260601T080000\nDURATION:PT1H30M") ==
        "2026-06-01T07:00:00Z/2026-06-01T08:30:00Z");
  CHECK(taken("DTSTART;VALUE=DATE:20260601\nDTEND;VALUE=DATE:20260603") == "2026-06-01T07:00:00Z/2026-06-03T07:00:00Z");
  CHECK(taken("DTSTART;TZID=Mars/Olympus:20260601T080000\nDURATION:PT1H") == "unknown zone");
}

TEST_CASE("rules name the days that RFC 5545 says", "[calendar]") {
  CHECK(Days("DTSTART;VALUE=DATE:20261230\nRRULE:FREQ=DAILY;COUNT=3") == "2026-12-30 2026-12-31 2027-01-01");
  CHECK(Days("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY;INTERVAL=10;UNTIL=20261221") ==
        "2026-12-01 2026-12-11 2026-12-21");
  CHECK(Days("DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=WEEKLY;BYDAY=WE,FR;COUNT=4") ==
        "2026-12-02 2026-12-04 2026-12-09 2026-12-11");
  CHECK(Days("DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=WEEKLY;COUNT=2") == "2026-12-02 2026-12-09");
  CHECK(Days("DTSTART;VALUE=DATE:20261125\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=-1WE;COUNT=2") ==
        "2026-11-25 2027-11-24");
  CHECK(Days("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2") == "2026-11-26 2027-11-25");
  CHECK(Days("DTSTART;VALUE=DATE:20260131\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3") ==
        "2026-01-31 2026-02-28 2026-03-31");
  CHECK(Days("DTSTART;VALUE=DATE:20260213\nRRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=3") ==
        "2026-02-13 2026-03-13 2026-11-13");
  CHECK(Days("DTSTART;VALUE=DATE:20251225\nRRULE:FREQ=YEARLY") == "2025-12-25 2026-12-25 2027-12-25");
}

TEST_CASE("where the week begins matters to every other week", "[calendar]") {
  // The example of RFC 5545, 3.8.5.3.
  const std::string rule = "DTSTART;VALUE=DATE:19970805\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=";
  CHECK(Days(rule + "MO") == "1997-08-05 1997-08-10 1997-08-19 1997-08-24");
  CHECK(Days(rule + "SU") == "1997-08-05 1997-08-17 1997-08-19 1997-08-31");
}

TEST_CASE("a leap day's anniversary is in leap years, and the 31st in months that have one", "[calendar]") {
  CHECK(Days("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=3", 2040) == "2024-02-29 2028-02-29 2032-02-29");
  CHECK(Days("DTSTART;VALUE=DATE:20260131\nRRULE:FREQ=MONTHLY;COUNT=3") == "2026-01-31 2026-03-31 2026-05-31");
}

TEST_CASE("a recurring time stays at its hour when the clocks change, also in a gap and in a fold", "[calendar]") {
  // Vancouver skips 02:00 on 8 March 2026, and repeats 01:00 on 1 November.
  const Calendar gap = Read("DTSTART;TZID=America/Vancouver:20260307T023000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3");
  CHECK(Taken(gap, "UTC", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z") ==
        "2026-03-07T10:30:00Z/2026-03-07T11:30:00Z 2026-03-08T10:00:00Z/2026-03-08T10:30:00Z "
        "2026-03-09T09:30:00Z/2026-03-09T10:30:00Z");
  // Closed for as long as it may be meant: from the earlier 01:00 to the later 02:00.
  const Calendar fold =
      Read("DTSTART;TZID=America/Vancouver:20261101T010000\nDTEND;TZID=America/Vancouver:20261101T013000");
  CHECK(Taken(fold, "UTC", "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z") ==
        "2026-11-01T08:00:00Z/2026-11-01T09:30:00Z");
}

TEST_CASE("EXDATE leaves out what the rule names, and COUNT counts it all the same", "[calendar]") {
  const Calendar calendar =
      Read("DTSTART;VALUE=DATE:20261201\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20261202,20261205");
  CHECK(Taken(calendar, "UTC", "2026-11-01T00:00:00Z", "2027-01-01T00:00:00Z") ==
        "2026-12-01T00:00:00Z/2026-12-02T00:00:00Z 2026-12-03T00:00:00Z/2026-12-04T00:00:00Z");
}

TEST_CASE("an event that began before is there until it ends", "[calendar]") {
  const Calendar calendar = Read("DTSTART;VALUE=DATE:20261220\nDURATION:P2W\nRRULE:FREQ=YEARLY");
  CHECK(Taken(calendar, "UTC", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z") ==
        "2027-01-01T00:00:00Z/2027-01-03T00:00:00Z");
}

TEST_CASE("lines are unfolded, and line ends and zones' descriptions change nothing", "[calendar]") {
  const std::string plain = Ics("DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas Day");
  CHECK(ParseCalendar(plain)->digest == ParseCalendar(plain)->digest);
  std::string dos;
  for (char c : plain) dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  CHECK(ParseCalendar(dos)->digest == ParseCalendar(plain)->digest);
  CHECK(*ParseCalendar(dos) == *ParseCalendar(plain));
  CHECK(Days("DTSTART;VALUE=DA\n TE:20261225") == "2026-12-25");
  const std::string zone =
      "BEGIN:VTIMEZONE\nTZID:Europe/London\nBEGIN:STANDARD\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT";
  std::string described = plain;
  described.replace(described.find("BEGIN:VEVENT"), 12, zone);
  CHECK(ParseCalendar(described).ok());
}

TEST_CASE("what could change when an event takes place and is not understood is refused", "[calendar]") {
  const std::string day = "DTSTART;VALUE=DATE:20261225\n";
  for (const std::string wrong : {"RDATE;VALUE=DATE:20261226",
                                  "RECURRENCE-ID:20261226",
                                  "STATUS:CANCELLED",
                                  "STATUS:TENTATIVE",
                                  "X-OTHER:1",
                                  "RRULE:FREQ=HOURLY",
                                  "RRULE:FREQ=SECONDLY",
                                  "RRULE:COUNT=3",
                                  "RRULE:FREQ=DAILY;BYSETPOS=1",
                                  "RRULE:FREQ=DAILY;BYHOUR=3",
                                  "RRULE:FREQ=YEARLY;BYWEEKNO=1",
                                  "RRULE:FREQ=YEARLY;BYYEARDAY=1",
                                  "RRULE:FREQ=YEARLY;BYDAY=1FR",
                                  "RRULE:FREQ=WEEKLY;BYDAY=1FR",
                                  "RRULE:FREQ=WEEKLY;BYMONTHDAY=25",
                                  "RRULE:FREQ=DAILY;COUNT=0",
                                  "RRULE:FREQ=DAILY;COUNT=5001",
                                  "RRULE:FREQ=DAILY;INTERVAL=0",
                                  "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101",
                                  "RRULE:FREQ=DAILY;UNTIL=20270101T000000Z",
                                  "RRULE:FREQ=DAILY;FREQ=DAILY",
                                  "RRULE:FREQ=YEARLY;BYMONTH=13",
                                  "RRULE:FREQ=YEARLY;BYMONTHDAY=0",
                                  "RRULE:FREQ=YEARLY;BYMONTH=11",
                                  "RRULE:FREQ=DAILY;UNTIL=20200101",
                                  "EXDATE:20261225T000000Z",
                                  "DTEND:20261226",
                                  "DTEND;VALUE=DATE:20261225",
                                  "DURATION:PT1H",
                                  "DURATION:P1",
                                  "DURATION:-P1D",
                                  "DTSTART;VALUE=DATE:20261226",
                                  "BEGIN:VALARM"}) {
    INFO(wrong);
    // DTEND without VALUE=DATE is a date all the same: only its form says so.
    const bool fine = wrong == std::string("DTEND:20261226");
    CHECK(ParseCalendar(Ics(day + wrong)).ok() == fine);
  }
  for (const std::string wrong :
       {"DTSTART:20261225T090000\nDURATION:PT1H", "DTSTART;TZID=Europe/London:20261225T090000Z\nDURATION:PT1H",
        "DTSTART;TZID=GMT+1:20261225T090000\nDURATION:PT1H", "DTSTART;VALUE=PERIOD:20261225",
        "DTSTART;VALUE=DATE:20260230", "DTSTART;VALUE=DATE:19691231", "DTSTART:20261225T240000Z\nDURATION:PT1H",
        "DTSTART:20261225T090000Z", "DTSTART:20261225T090000Z\nDTEND;TZID=Europe/London:20261225T100000",
        "SUMMARY:x"}) {
    INFO(wrong);
    CHECK_FALSE(ParseCalendar(Ics(wrong)).ok());
  }
}

TEST_CASE("what is no calendar, or too large, is refused, with the line", "[calendar]") {
  CHECK_FALSE(ParseCalendar("").ok());
  CHECK_FALSE(ParseCalendar("BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n").ok());
  CHECK_FALSE(ParseCalendar("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\nEND:VCALENDAR\n").ok());
  const std::string good = Ics("DTSTART;VALUE=DATE:20261225");
  CHECK_FALSE(ParseCalendar(good + good).ok());
  CHECK_FALSE(ParseCalendar(good.substr(0, good.size() - 15)).ok());
  CHECK_FALSE(ParseCalendar(good + std::string(kCalendarSizeMax, ' ')).ok());
  CHECK(Complaint(Ics("DTSTART;VALUE=DATE:20261225\nRDATE:x")).substr(0, 7) == "line 7:");
}

TEST_CASE("a calendar ends with its last event, or never", "[calendar]") {
  CHECK(*EndOf(Read("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=3")) == CivilSecond(2028, 12, 26));
  CHECK_FALSE(EndOf(Read("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY")));
}

TEST_CASE("hours are closed on a calendar's days, or open on no others", "[calendar][window]") {
  const CalendarRef christmas{std::make_shared<const Calendar>(Read("DTSTART;VALUE=DATE:20261225\nDURATION:P2D"))};
  Window window;
  window.clock = Window::Clock::kZone;
  window.zone = "UTC";
  window.days.set();
  window.opens = 9 * 60;
  window.closes = 18 * 60;
  const auto open = [&](std::string_view from, std::string_view to) {
    return OpenBetween(window, "UTC", At(from), At(to))->size();
  };
  CHECK(open("2026-12-24T00:00:00Z", "2026-12-28T00:00:00Z") == 4);
  window.except = {christmas};
  CHECK(open("2026-12-24T00:00:00Z", "2026-12-28T00:00:00Z") == 2);
  window.except.clear();
  window.only = {christmas};
  CHECK(open("2026-12-24T00:00:00Z", "2026-12-28T00:00:00Z") == 2);
  window.except = {christmas};
  CHECK(open("2026-12-24T00:00:00Z", "2026-12-28T00:00:00Z") == 0);
}

}  // namespace
}  // namespace crossdock::policy
