// What a host's facts mean for a program that is to fill a line. Pure: facts in, findings out.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/host/facts.h"
#include "lib/host/finding.h"

namespace crossdock::host {

// The line that is to be filled.
struct Line {
  int64_t bits_per_second = 1'000'000'000;
  std::chrono::milliseconds round_trip{150};
};

// "1Gbit/s" and "150ms", within reason: at least 1 kbit/s and 1 ms, at most 1 Tbit/s and 10 s.
absl::StatusOr<Line> ParseLine(std::string_view rate, std::string_view round_trip);
// "1 Gbit/s and 150 ms of round trip".
std::string Describe(const Line& line);

// Data legs of an attempt: as many sockets share the line.
inline constexpr int kLegs = 8;

// What of it a program needs.
struct Demands {
  Line line;
  // Whether its sockets cross the line always, as a relay's do, or only where a site has no relay.
  bool always_crosses_line = false;
  bool splices = false;  // through pipes
  bool listens = false;
  bool encrypts_content = false;
  uint64_t open_files = 1024;      // for all that its configuration allows
  uint64_t open_files_least = 64;  // less is a problem
};

std::vector<Finding> JudgeNetwork(const Facts& facts, const Demands& demands);
std::vector<Finding> JudgeHost(const Facts& facts, const Demands& demands);
// Both.
std::vector<Finding> Judge(const Facts& facts, const Demands& demands);

}  // namespace crossdock::host
