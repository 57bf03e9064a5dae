// Any bytes as a calendar: the strict reader takes or refuses them with a line, and whatever it takes expands the same
// way twice, in order, within what was asked for.
#include "lib/base/check.h"
#include "lib/policy/calendar.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

bool FuzzCalendar(std::string_view input) {
  using namespace policy;
  const auto calendar = ParseCalendar(input);
  if (!calendar.ok()) {
    INVARIANT(calendar.status().message().substr(0, 5) == "line ") << calendar.status();
    return false;
  }
  const Instant from = base::Instant(std::chrono::hours(490'000)), to = from + kCalendarHorizon;
  const auto one = TakenBy(*calendar, "Europe/London", from, to), two = TakenBy(*calendar, "Europe/London", from, to);
  INVARIANT(one.has_value() == two.has_value()) << "an expansion must replay";
  if (!one) return true;
  INVARIANT(one->size() == two->size()) << "an expansion must replay";
  for (size_t i = 0; i < one->size(); ++i) {
    const Interval& each = (*one)[i];
    INVARIANT(from <= each.from && each.from < each.to && each.to <= to) << "outside of what was asked for";
    INVARIANT(i == 0 || (*one)[i - 1].to < each.from) << "out of order";
  }
  return true;
}

}  // namespace crossdock::fuzz
