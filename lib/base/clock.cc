#include "lib/base/clock.h"

#include <ctime>

#include "absl/time/time.h"
#include "lib/base/status.h"

namespace crossdock::base {
namespace {

absl::Time ToAbslTime(Instant instant) { return absl::FromUnixMicros(instant.time_since_epoch().count()); }

}  // namespace

Instant SystemClock::Now() const {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

Steady SystemClock::MonotonicNow() const { return std::chrono::steady_clock::now(); }

std::chrono::nanoseconds ThreadProcessorTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

std::string FormatInstant(Instant instant) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E6SZ", ToAbslTime(instant), absl::UTCTimeZone());
}

std::string FormatSeconds(Instant instant) {
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%SZ", ToAbslTime(instant), absl::UTCTimeZone());
}

absl::StatusOr<Instant> ParseInstant(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, ToAbsl(text), &time, &error)) {
    return InvalidArgument("'", PercentEscape(text), "' is not an RFC 3339 time such as 2026-11-20T10:23:16Z");
  }
  return Instant(std::chrono::microseconds(absl::ToUnixMicros(time)));
}

bool IsZoneName(std::string_view zone) {
  const bool spelt = zone.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
                     std::string_view::npos;
  const bool placed = zone.find('/') != std::string_view::npos && zone.front() != '/';
  return zone == "UTC" || (spelt && placed && zone.substr(0, 6) != "Fixed/");
}

}  // namespace crossdock::base
