// Quantities as people write them: 30s, 72h, 5TiB, 1Gbit/s. A whole number and one unit, nothing between.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::yaml {

// Units ms, s, m, h, d. Errors are sentences without a position.
absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text);
// Units B, KiB … PiB (powers of 1024) and kB … PB (powers of 1000).
absl::StatusOr<int64_t> ParseByteSize(std::string_view text);
// Units bit/s, kbit/s, Mbit/s, Gbit/s (powers of 1000); the value is in bits a second.
absl::StatusOr<int64_t> ParseBitRate(std::string_view text);
// A whole decimal number, no sign but '-', no leading zero, no separators.
absl::StatusOr<int64_t> ParseInteger(std::string_view text);

// The shortest exact spelling that the parser above takes: 3d, 5TiB, 1500B.
std::string FormatDuration(std::chrono::milliseconds duration);
std::string FormatByteSize(int64_t bytes);

}  // namespace crossdock::yaml
