#include "lib/policy/calendar.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_split.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/window.h"

namespace crossdock::policy {
namespace {

using absl::CivilSecond;

constexpr std::string_view kWeekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
// What people read, and nobody decides by.
constexpr std::string_view kTexts[] = {"UID",          "DTSTAMP",     "SUMMARY",       "DESCRIPTION", "LOCATION",
                                       "CATEGORIES",   "CLASS",       "CREATED",       "SEQUENCE",    "PRIORITY",
                                       "URL",          "TRANSP",      "LAST-MODIFIED", "COMMENT",     "PRODID",
                                       "X-WR-CALNAME", "X-WR-CALDESC"};

struct Line {
  int number = 0;
  std::string text;
};

template <typename... Parts>
absl::Status Complain(const Line& line, const Parts&... parts) {
  return base::InvalidArgument("line ", line.number, ": ", base::StrCat(parts...));
}

// A content line: NAME;PARAMETER=VALUE:VALUE.
struct Property {
  Line line;
  std::string name;
  std::string zone;  // TZID
  std::string kind;  // VALUE
  std::string value;
};

// Lines with their continuations joined, as RFC 5545 folds them.
absl::StatusOr<std::vector<Line>> Unfold(std::string_view text) {
  std::vector<Line> lines;
  int number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view each = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    if (each.ends_with('\r')) each.remove_suffix(1);
    const bool continues = each.starts_with(' ') || each.starts_with('\t');
    if (continues && !lines.empty()) {
      lines.back().text += each.substr(1);
    } else if (!each.empty()) {
      lines.push_back({number, std::string(each)});
    }
    if (!lines.empty() && lines.back().text.size() > 4096) return Complain(lines.back(), "is longer than 4096 bytes");
  }
  return lines;
}

absl::Status ReadParameter(std::string_view text, Property& property) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  std::string_view value = equals == std::string_view::npos ? "" : text.substr(equals + 1);
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  if (name == "TZID") {
    property.zone = value;
    if (base::IsZoneName(property.zone)) return absl::OkStatus();
    return Complain(property.line, "TZID '", base::PercentEscape(value), "' is no zone; write one as Europe/London");
  }
  if (name == "VALUE" && (value == "DATE" || value == "DATE-TIME")) {
    property.kind = value;
    return absl::OkStatus();
  }
  if (name == "LANGUAGE" || name == "ALTREP") return absl::OkStatus();
  return Complain(property.line, "parameter '", base::PercentEscape(text), "' is not understood; remove it");
}

absl::StatusOr<Property> ReadProperty(const Line& line) {
  Property property{line, "", "", "", ""};
  const size_t colon = line.text.find(':');
  if (colon == std::string::npos) return Complain(line, "is no NAME:VALUE");
  const std::vector<std::string> head = absl::StrSplit(line.text.substr(0, colon), ';');
  property.name = head[0];
  property.value = line.text.substr(colon + 1);
  const bool is_text = std::find(std::begin(kTexts), std::end(kTexts), property.name) != std::end(kTexts);
  for (size_t i = 1; i < head.size() && !is_text; ++i) RETURN_IF_ERROR(ReadParameter(head[i], property));
  return property;
}

std::optional<int> Number(std::string_view text, int min, int max) {
  if (text.starts_with('+')) text.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max) return std::nullopt;
  return value;
}

std::optional<CivilSecond> Day(std::string_view text) {
  const bool digits = text.size() == 8 && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!digits) return std::nullopt;
  const int year = *Number(text.substr(0, 4), 0, 9999), month = *Number(text.substr(4, 2), 0, 99),
            day = *Number(text.substr(6, 2), 0, 99);
  const absl::CivilDay civil(year, month, day);
  // Abseil carries what is too much into the next month.
  if (civil.year() != year || civil.month() != month || civil.day() != day) return std::nullopt;
  if (year < 1970 || year > 2200) return std::nullopt;
  return CivilSecond(civil);
}

// 20261224T090000, without Z.
std::optional<CivilSecond> DayTime(std::string_view text) {
  if (text.size() != 15 || text[8] != 'T') return std::nullopt;
  const std::optional<CivilSecond> day = Day(text.substr(0, 8));
  if (!day || text.find_first_not_of("0123456789", 9) != std::string_view::npos) return std::nullopt;
  const auto hour = Number(text.substr(9, 2), 0, 23), minute = Number(text.substr(11, 2), 0, 59),
             second = Number(text.substr(13, 2), 0, 59);
  if (!hour || !minute || !second) return std::nullopt;
  return *day + (*hour * 3600 + *minute * 60 + *second);
}

struct When {
  CivilSecond at;
  bool whole_day = false;
  std::string zone;
};

absl::StatusOr<When> ReadWhen(const Property& property, std::string_view text) {
  const auto refuse = [&]() {
    return Complain(property.line, property.name, " '", base::PercentEscape(text),
                    "' is no time; write 20261224 with VALUE=DATE, 20261224T090000Z, or with TZID 20261224T090000");
  };
  if (property.kind == "DATE" || text.size() == 8) {
    const std::optional<CivilSecond> day = Day(text);
    if (!day || property.kind == "DATE-TIME" || !property.zone.empty()) return refuse();
    return When{*day, true, ""};
  }
  const bool utc = text.ends_with('Z');
  const std::optional<CivilSecond> time = DayTime(utc ? text.substr(0, text.size() - 1) : text);
  // A time on nobody's clock is another instant on each.
  if (!time || utc == !property.zone.empty()) return refuse();
  return When{*time, false, utc ? "UTC" : property.zone};
}

// P1D, P2W, PT8H30M; in seconds.
absl::StatusOr<int64_t> ReadDuration(const Property& property) {
  std::string_view text = property.value;
  int64_t seconds = 0;
  bool time = false, any = false;
  if (text.starts_with('P')) text.remove_prefix(1);
  while (!text.empty() && property.value.starts_with('P')) {
    if (text.front() == 'T' && !time) {
      time = true;
      text.remove_prefix(1);
      continue;
    }
    const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::optional<int> number = Number(text.substr(0, digits), 0, 100'000);
    if (!number || digits == text.size() || digits == 0) break;
    const char unit = text[digits];
    const int64_t size = !time && unit == 'W'   ? 604'800
                         : !time && unit == 'D' ? 86'400
                         : time && unit == 'H'  ? 3600
                         : time && unit == 'M'  ? 60
                         : time && unit == 'S'  ? 1
                                                : 0;
    if (size == 0) break;
    seconds += *number * size;
    any = true;
    text.remove_prefix(digits + 1);
  }
  if (any && text.empty() && seconds > 0) return seconds;
  return Complain(property.line, "DURATION '", base::PercentEscape(property.value),
                  "' is no length; write it as P1D or PT8H30M");
}

class RuleReader {
 public:
  RuleReader(const Property& property, const When& start) : property_(property), start_(start) {}

  absl::StatusOr<Recurrence> Read() {
    std::set<std::string> seen;
    for (const std::string& part : std::vector<std::string>(absl::StrSplit(property_.value, ';'))) {
      const size_t equals = part.find('=');
      const std::string name = part.substr(0, equals);
      const std::string value = equals == std::string::npos ? "" : part.substr(equals + 1);
      if (!seen.insert(name).second || !Part(name, value)) {
        return Complain(property_.line, "RRULE's ", base::PercentEscape(part), " is not understood; take it out");
      }
    }
    if (!seen.contains("FREQ")) return Complain(property_.line, "RRULE has no FREQ; write one as FREQ=YEARLY");
    RETURN_IF_ERROR(Fits(seen));
    return rule_;
  }

 private:
  bool Part(const std::string& name, const std::string& value) {
    if (name == "FREQ") return Frequency(value);
    if (name == "INTERVAL") return Whole(value, 1, 1000, rule_.interval);
    if (name == "COUNT") return Whole(value, 1, kCountMax, rule_.count);
    if (name == "UNTIL") return Until(value);
    if (name == "WKST") return Weekday(value, rule_.week_start);
    if (name == "BYDAY") return Days(value);
    if (name == "BYMONTH") return Numbers(value, 1, 12, rule_.months);
    return name == "BYMONTHDAY" && Numbers(value, -31, 31, rule_.month_days) && !rule_.month_days.contains(0);
  }

  bool Frequency(std::string_view value) {
    constexpr std::string_view kNames[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    const auto found = std::find(std::begin(kNames), std::end(kNames), value);
    rule_.frequency = static_cast<Recurrence::Frequency>(found - std::begin(kNames));
    return found != std::end(kNames);
  }

  static bool Whole(std::string_view value, int min, int max, int& out) {
    const std::optional<int> number = Number(value, min, max);
    out = number.value_or(out);
    return number.has_value();
  }

  bool Until(std::string_view value) {
    rule_.until = start_.whole_day       ? Day(value)
                  : value.ends_with('Z') ? DayTime(value.substr(0, value.size() - 1))
                                         : std::nullopt;
    return rule_.until.has_value();
  }

  static bool Weekday(std::string_view value, absl::Weekday& out) {
    const auto found = std::find(std::begin(kWeekdays), std::end(kWeekdays), value);
    if (found != std::end(kWeekdays)) out = static_cast<absl::Weekday>(found - std::begin(kWeekdays));
    return found != std::end(kWeekdays);
  }

  bool Days(const std::string& value) {
    for (const std::string& each : std::vector<std::string>(absl::StrSplit(value, ','))) {
      Recurrence::Day day;
      if (each.size() < 2 || !Weekday(std::string_view(each).substr(each.size() - 2), day.weekday)) return false;
      const std::string_view ordinal = std::string_view(each).substr(0, each.size() - 2);
      if (!ordinal.empty() && (!Whole(ordinal, -5, 5, day.ordinal) || day.ordinal == 0)) return false;
      rule_.days.push_back(day);
    }
    return true;
  }

  static bool Numbers(const std::string& value, int min, int max, std::set<int>& out) {
    for (const std::string& each : std::vector<std::string>(absl::StrSplit(value, ','))) {
      const std::optional<int> number = Number(each, min, max);
      if (!number) return false;
      out.insert(*number);
    }
    return true;
  }

  // What is written well and yet means nothing here, or more than is understood.
  absl::Status Fits(const std::set<std::string>& seen) {
    const Line& line = property_.line;
    if (seen.contains("COUNT") && seen.contains("UNTIL")) {
      return Complain(line, "RRULE has COUNT and UNTIL; keep one of them");
    }
    const bool ordinals =
        std::any_of(rule_.days.begin(), rule_.days.end(), [](const auto& day) { return day.ordinal != 0; });
    const bool in_a_month = rule_.frequency == Recurrence::Frequency::kMonthly ||
                            (rule_.frequency == Recurrence::Frequency::kYearly && !rule_.months.empty());
    if (ordinals && !in_a_month) {
      return Complain(line, "a numbered BYDAY counts within a month; write FREQ=MONTHLY, or BYMONTH with FREQ=YEARLY");
    }
    if (rule_.frequency == Recurrence::Frequency::kWeekly && seen.contains("BYMONTHDAY")) {
      return Complain(line, "BYMONTHDAY has no place in a WEEKLY rule; take it out");
    }
    return absl::OkStatus();
  }

  const Property& property_;
  const When& start_;
  Recurrence rule_;
};

// One VEVENT, property by property.
class EventReader {
 public:
  explicit EventReader(const Line& begin) : begin_(begin) { event_.line = begin.number; }

  absl::Status Take(const Property& property) {
    const std::string& name = property.name;
    if (name != "EXDATE" && !seen_.emplace(name, property).second) {
      return Complain(property.line, name, " stands twice in an event; keep one of them");
    }
    if (name == "EXDATE") except_.push_back(property);
    if (name == "STATUS" && property.value != "CONFIRMED") {
      return Complain(property.line, "STATUS '", base::PercentEscape(property.value),
                      "' leaves open whether it takes place; take the event out, or write CONFIRMED");
    }
    constexpr std::string_view kRead[] = {"DTSTART", "DTEND", "DURATION", "RRULE", "EXDATE", "STATUS"};
    if (std::find(std::begin(kRead), std::end(kRead), name) != std::end(kRead)) return absl::OkStatus();
    if (std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts)) return absl::OkStatus();
    return Complain(property.line, base::PercentEscape(name), " is not understood; take it out");
  }

  absl::StatusOr<CalendarEvent> Finish() {
    const Property* start = Find("DTSTART");
    if (start == nullptr) return Complain(begin_, "an event without DTSTART; write when it begins");
    ASSIGN_OR_RETURN(const When when, ReadWhen(*start, start->value));
    event_.start = when.at;
    event_.whole_days = when.whole_day;
    event_.zone = when.zone;
    RETURN_IF_ERROR(ReadEnd(when));
    if (const Property* rule = Find("RRULE")) {
      ASSIGN_OR_RETURN(event_.recurrence, RuleReader(*rule, when).Read());
      const std::vector<CivilSecond> starts = StartsOf(event_, event_.start, event_.start);
      if (starts.empty()) {
        return Complain(rule->line, "DTSTART is not among what RRULE says; begin with the first that is");
      }
    }
    for (const Property& property : except_) RETURN_IF_ERROR(ReadExcept(property, when));
    return event_;
  }

 private:
  const Property* Find(const std::string& name) const {
    const auto found = seen_.find(name);
    return found == seen_.end() ? nullptr : &found->second;
  }

  absl::Status ReadEnd(const When& start) {
    const Property *end = Find("DTEND"), *duration = Find("DURATION");
    if (end != nullptr && duration != nullptr) return Complain(end->line, "DTEND and DURATION; keep one of them");
    if (duration != nullptr) {
      ASSIGN_OR_RETURN(const int64_t seconds, ReadDuration(*duration));
      if (start.whole_day && seconds % 86'400 != 0) {
        return Complain(duration->line, "a day's event lasts whole days; write P1D, or a time in DTSTART");
      }
      event_.end = event_.start + seconds;
    } else if (end != nullptr) {
      ASSIGN_OR_RETURN(const When when, ReadWhen(*end, end->value));
      if (when.whole_day != start.whole_day || when.zone != start.zone) {
        return Complain(end->line, "DTEND is on another clock than DTSTART; write both alike");
      }
      event_.end = when.at;
    } else if (start.whole_day) {
      event_.end = event_.start + 86'400;
    } else {
      return Complain(begin_, "an event without DTEND or DURATION takes no time; write when it ends");
    }
    if (event_.end <= event_.start) return Complain(begin_, "an event that ends before it begins; correct DTEND");
    if (event_.end - event_.start > 400 * 86'400) return Complain(begin_, "an event of more than 400 days; divide it");
    return absl::OkStatus();
  }

  absl::Status ReadExcept(const Property& property, const When& start) {
    for (const std::string& each : std::vector<std::string>(absl::StrSplit(property.value, ','))) {
      ASSIGN_OR_RETURN(const When when, ReadWhen(property, each));
      if (when.whole_day != start.whole_day || when.zone != start.zone) {
        return Complain(property.line, "EXDATE is on another clock than DTSTART; write both alike");
      }
      event_.except.insert(when.at);
    }
    if (event_.except.size() > 1000) return Complain(property.line, "more than 1000 EXDATEs; shorten the rule");
    return absl::OkStatus();
  }

  const Line begin_;
  CalendarEvent event_;
  std::map<std::string, Property> seen_;
  std::vector<Property> except_;
};

class CalendarReader {
 public:
  absl::StatusOr<Calendar> Read(std::string_view text) {
    ASSIGN_OR_RETURN(const std::vector<Line> lines, Unfold(text));
    for (const Line& line : lines) {
      ASSIGN_OR_RETURN(const Property property, ReadProperty(line));
      RETURN_IF_ERROR(Take(property));
    }
    if (!ended_) return base::InvalidArgument("line 1: no whole VCALENDAR; it ends with END:VCALENDAR");
    if (!version_) return base::InvalidArgument("line 1: no VERSION:2.0");
    if (calendar_.events.empty()) return base::InvalidArgument("line 1: no event; a calendar without any says nothing");
    return std::move(calendar_);
  }

 private:
  absl::Status Take(const Property& property) {
    const std::string line = base::StrCat(property.name, ":", property.value);
    if (in_zone_) {
      in_zone_ = line != "END:VTIMEZONE";
      return absl::OkStatus();
    }
    if (ended_) return Complain(property.line, "something stands behind END:VCALENDAR; one calendar a text");
    if (!begun_) {
      begun_ = line == "BEGIN:VCALENDAR";
      return begun_ ? absl::OkStatus() : Complain(property.line, "no calendar; it begins with BEGIN:VCALENDAR");
    }
    if (event_) return InEvent(property, line);
    if (line == "BEGIN:VEVENT") {
      if (calendar_.events.size() >= kEventsMax) return Complain(property.line, "more than ", kEventsMax, " events");
      event_.emplace(property.line);
      return absl::OkStatus();
    }
    if (line == "BEGIN:VTIMEZONE") {
      in_zone_ = true;
    } else if (line == "END:VCALENDAR") {
      ended_ = true;
    } else if (line == "VERSION:2.0") {
      version_ = true;
    } else if (line != "CALSCALE:GREGORIAN" && line != "METHOD:PUBLISH" &&
               std::find(std::begin(kTexts), std::end(kTexts), property.name) == std::end(kTexts)) {
      return Complain(property.line, base::PercentEscape(line), " is not understood; take it out");
    }
    return absl::OkStatus();
  }

  absl::Status InEvent(const Property& property, std::string_view line) {
    if (line != "END:VEVENT") return event_->Take(property);
    ASSIGN_OR_RETURN(CalendarEvent event, event_->Finish());
    calendar_.events.push_back(std::move(event));
    event_.reset();
    return absl::OkStatus();
  }

  Calendar calendar_;
  std::optional<EventReader> event_;
  bool begun_ = false, ended_ = false, version_ = false, in_zone_ = false;
};

}  // namespace

absl::StatusOr<Calendar> ParseCalendar(std::string_view text) {
  if (text.size() > kCalendarSizeMax) {
    return base::InvalidArgument("line 1: a calendar of more than ", kCalendarSizeMax, " bytes; leave out the past");
  }
  ASSIGN_OR_RETURN(Calendar calendar, CalendarReader().Read(text));
  std::string unified;
  std::copy_if(text.begin(), text.end(), std::back_inserter(unified), [](char c) { return c != '\r'; });
  calendar.digest = base::ToHex(base::Sha256(unified));
  return calendar;
}

}  // namespace crossdock::policy
