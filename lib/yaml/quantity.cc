#include "lib/yaml/quantity.h"

#include <charconv>
#include <limits>

#include "lib/base/status.h"

namespace crossdock::yaml {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Descending, so that the first that divides a value is its shortest spelling.
constexpr Unit kDurations[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr Unit kBinary[] = {{"PiB", 1LL << 50}, {"TiB", 1LL << 40}, {"GiB", 1LL << 30},
                            {"MiB", 1LL << 20}, {"KiB", 1LL << 10}, {"B", 1}};
constexpr Unit kDecimal[] = {
    {"PB", 1'000'000'000'000'000}, {"TB", 1'000'000'000'000}, {"GB", 1'000'000'000}, {"MB", 1'000'000}, {"kB", 1000}};
constexpr Unit kRates[] = {{"Gbit/s", 1'000'000'000}, {"Mbit/s", 1'000'000}, {"kbit/s", 1000}, {"bit/s", 1}};

template <size_t N>
const Unit* FindUnit(const Unit (&units)[N], std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

struct Split {
  std::string_view number, unit;
};

Split SplitUnit(std::string_view text) {
  const size_t end = text.find_first_not_of("0123456789");
  if (end == std::string_view::npos) return {text, ""};
  return {text.substr(0, end), text.substr(end)};
}

absl::StatusOr<int64_t> Multiply(std::string_view text, const Split& split, const Unit* unit, std::string_view what,
                                 std::string_view example) {
  if (unit == nullptr || split.number.empty()) {
    return base::InvalidArgument("'", text, "' is not ", what, "; write a whole number and a unit, as in ", example);
  }
  ASSIGN_OR_RETURN(int64_t number, ParseInteger(split.number));
  if (number > std::numeric_limits<int64_t>::max() / unit->factor) {
    return base::InvalidArgument("'", text, "' is too large; write a smaller value");
  }
  return number * unit->factor;
}

template <size_t N>
std::string Format(const Unit (&units)[N], int64_t value) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return base::StrCat(value / unit.factor, unit.name);
  }
  return base::StrCat(value, units[N - 1].name);
}

}  // namespace

absl::StatusOr<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::result_out_of_range) {
    return base::InvalidArgument("'", text, "' is out of range; write a smaller number");
  }
  const bool padded = text.size() > 1 && (text[0] == '0' || text.substr(0, 2) == "-0");
  if (error != std::errc() || stop != end || padded) {
    return base::InvalidArgument("'", text, "' is not a whole number; write digits only, as in 12");
  }
  return value;
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text) {
  const Split split = SplitUnit(text);
  ASSIGN_OR_RETURN(int64_t value, Multiply(text, split, FindUnit(kDurations, split.unit), "a duration", "30s or 72h"));
  return std::chrono::milliseconds(value);
}

absl::StatusOr<int64_t> ParseByteSize(std::string_view text) {
  const Split split = SplitUnit(text);
  const Unit* unit = FindUnit(kBinary, split.unit);
  if (unit == nullptr) unit = FindUnit(kDecimal, split.unit);
  return Multiply(text, split, unit, "a size", "512B or 5TiB");
}

absl::StatusOr<int64_t> ParseBitRate(std::string_view text) {
  const Split split = SplitUnit(text);
  return Multiply(text, split, FindUnit(kRates, split.unit), "a rate", "500Mbit/s");
}

std::string FormatDuration(std::chrono::milliseconds duration) { return Format(kDurations, duration.count()); }
std::string FormatByteSize(int64_t bytes) { return Format(kBinary, bytes); }

}  // namespace crossdock::yaml
