#include <algorithm>

#include "lib/base/status.h"
#include "lib/policy/parse.h"
#include "lib/policy/parse_parts.h"

namespace crossdock::policy::internal {
namespace {

std::optional<int> MinutesOf(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : 100; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const int hours = digit(0) * 10 + digit(1), minutes = digit(3) * 10 + digit(4);
  if (hours > 24 || minutes > 59 || (hours == 24 && minutes != 0)) return std::nullopt;
  return hours * 60 + minutes;
}

absl::Status ReadClock(yaml::Map& map, Window& window) {
  ASSIGN_OR_RETURN(const std::string clock, map.String("clock", 64));
  if (clock == "destination") {
    window.clock = Window::Clock::kDestination;
  } else if (clock == "source") {
    window.clock = Window::Clock::kSource;
  } else if (base::IsZoneName(clock)) {
    window.clock = Window::Clock::kZone;
    window.zone = clock;
  } else {
    return map.Error("clock", "'", clock,
                     "' is no clock; write destination, source or a zone, as in America/Vancouver");
  }
  return absl::OkStatus();
}

absl::Status ReadDays(yaml::Map& map, Window& window) {
  window.days.set();
  if (!map.Has("days")) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> days, map.StringList("days"));
  if (days.empty()) return map.Error("days", "no day; name at least one of mon, tue, wed, thu, fri, sat, sun");
  window.days.reset();
  for (size_t i = 0; i < days.size(); ++i) {
    size_t day = 0;
    while (day < 7 && DayName(day) != days[i]) ++day;
    if (day == 7) {
      return map.ErrorAtNode(map.Find("days")->items[i], "'", days[i],
                             "' is no day; write some of mon, tue, wed, thu, fri, sat, sun");
    }
    window.days.set(day);
  }
  return absl::OkStatus();
}

absl::Status ReadHours(yaml::Map& map, Window& window) {
  if (!map.Has("hours")) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string hours, map.String("hours", 11));
  const auto opens = MinutesOf(std::string_view(hours).substr(0, 5));
  const auto closes =
      hours.size() == 11 && hours[5] == '-' ? MinutesOf(std::string_view(hours).substr(6)) : std::nullopt;
  if (!opens || !closes || *opens == 24 * 60 || *closes == 0) {
    return map.Error("hours", "'", hours,
                     "' are no hours; write them as in \"09:00-18:00\", or to midnight \"09:00-24:00\"");
  }
  if (*opens == *closes) {
    return map.Error("hours", "'", hours, "' is nothing or a day; write \"00:00-24:00\" for whole days");
  }
  window.opens = *opens;
  window.closes = *closes;
  return absl::OkStatus();
}

// `only:` or `except:`, a list of calendar:NAME.
absl::Status ReadRefs(yaml::Map& map, std::string_view key, Names& names, std::vector<CalendarRef>& refs) {
  if (!map.Has(key)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<std::string> words, map.StringList(key));
  if (words.empty()) return map.Error(key, "no calendar; name at least one, as in [calendar:NAME]");
  constexpr std::string_view kPrefix = "calendar:";
  for (size_t i = 0; i < words.size(); ++i) {
    const bool prefixed = words[i].starts_with(kPrefix);
    const auto found = names.calendars.find(prefixed ? words[i].substr(kPrefix.size()) : "");
    if (found == names.calendars.end()) {
      return map.ErrorAtNode(map.Find(key)->items[i], "'", words[i],
                             "' is no calendar of this file; write calendar:NAME, and NAME in 'calendars'");
    }
    names.used_calendars.insert(found->first);
    refs.push_back(found->second);
  }
  return absl::OkStatus();
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// `{file: FILE, sha256: DIGEST}`. The digest alone says which file it is; the name is for people.
absl::StatusOr<Calendar> ReadBound(yaml::Map map, const Names& names) {
  ASSIGN_OR_RETURN(std::string file, ReadId(map, "file"));
  if (file.starts_with('.')) return map.Error("file", "'", file, "' is no file's name; write one as holidays.ics");
  ASSIGN_OR_RETURN(std::string digest, map.String("sha256"));
  if (!IsSha256(digest)) {
    return map.Error("sha256", "'", base::PercentEscape(digest),
                     "' is no SHA-256; write the 64 lower-case hex digits that sha256sum prints of the file");
  }
  RETURN_IF_ERROR(map.Finish());
  Calendar calendar;
  const auto found = names.calendar_files.find(digest);
  if (found == names.calendar_files.end()) {
    calendar.known = false;
  } else {
    auto read = ParseCalendar(found->second);
    if (!read.ok()) return map.Error("file", file, ", ", base::ToStd(read.status().message()));
    calendar = *std::move(read);
  }
  calendar.file = std::move(file);
  calendar.digest = std::move(digest);
  return calendar;
}

// The text itself, after `NAME: |`.
absl::StatusOr<Calendar> ReadPasted(const yaml::Map& map, const yaml::Entry& entry) {
  auto calendar = ParseCalendar(entry.value.scalar);
  if (calendar.ok()) return calendar;
  return map.ErrorAtNode(entry.value, "calendar ", entry.key, ", ", base::ToStd(calendar.status().message()));
}

}  // namespace

absl::Status ReadCalendars(yaml::Map& policy, Policy& parsed, Names& names) {
  ASSIGN_OR_RETURN(auto map, policy.OptionalSubMap("calendars"));
  if (!map) return absl::OkStatus();
  size_t files = 0;
  for (const yaml::Entry& entry : map->Entries()) {
    if (!IsId(entry.key)) return map->ErrorAtNode(entry.value, "'", entry.key, "' is no name of a calendar");
    if (entry.value.IsList()) {
      return map->ErrorAtNode(entry.value,
                              "a calendar is {file: FILE, sha256: DIGEST}, or the text of an iCalendar file after "
                              "'NAME: |'; write one of them");
    }
    const bool bound = !entry.value.IsScalar();
    if (bound && ++files > kCalendarFilesMax) {
      return map->ErrorAtNode(entry.value, "more than ", kCalendarFilesMax, " calendar files; put some into one");
    }
    ASSIGN_OR_RETURN(Calendar calendar, bound ? ReadBound(map->At(entry.value), names) : ReadPasted(*map, entry));
    calendar.name = entry.key;
    const CalendarRef ref{std::make_shared<const Calendar>(std::move(calendar))};
    names.calendars.emplace(entry.key, ref);
    parsed.calendars.push_back({ref, PlaceOf(entry.value)});
  }
  return absl::OkStatus();
}

absl::StatusOr<Window> ReadWindow(yaml::Map map, Names& names) {
  RETURN_IF_ERROR(RefuseUnsupported(map, {"rrule"}));
  Window window;
  RETURN_IF_ERROR(ReadClock(map, window));
  RETURN_IF_ERROR(ReadDays(map, window));
  RETURN_IF_ERROR(ReadHours(map, window));
  RETURN_IF_ERROR(ReadRefs(map, "only", names, window.only));
  RETURN_IF_ERROR(ReadRefs(map, "except", names, window.except));
  // Written out although there is one choice, because nobody should have to guess what becomes of what runs.
  RETURN_IF_ERROR(map.OneOf("at_close", {"pause"}).status());
  RETURN_IF_ERROR(map.Finish());
  return window;
}

}  // namespace crossdock::policy::internal
