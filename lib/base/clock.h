// Time comes in as a parameter. Programs read it from a Clock that main constructs; nothing else asks the system.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::base {

// A point of civil time, UTC, in microseconds (PostgreSQL's resolution).
using Instant = std::chrono::sys_time<std::chrono::microseconds>;
// A point of monotonic time: for leases, timeouts and rates, never stored or sent.
using Steady = std::chrono::steady_clock::time_point;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
  virtual Steady MonotonicNow() const = 0;
};

// The machine's own clocks.
class SystemClock : public Clock {
 public:
  Instant Now() const override;
  Steady MonotonicNow() const override;
};

// Processor time that the calling thread has used; for telling work from waiting.
std::chrono::nanoseconds ThreadProcessorTime();

// RFC 3339 in UTC with microseconds: 2026-11-20T10:23:16.604240Z.
std::string FormatInstant(Instant instant);
// RFC 3339 in UTC, whole seconds (rounded down): 2026-11-20T10:23:16Z. The form that signed statements use.
std::string FormatSeconds(Instant instant);
// Reads RFC 3339 with any offset and up to microseconds.
absl::StatusOr<Instant> ParseInstant(std::string_view text);

// Whether it is spelt like a time zone of the tz database: no file, no fixed offset, nothing that depends on this
// machine's setting. Whether this machine knows it is another question.
bool IsZoneName(std::string_view zone);

}  // namespace crossdock::base
