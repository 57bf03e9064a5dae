#include "agent/core/sequence.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "lib/base/strings.h"

namespace crossdock::agent {
namespace {

constexpr size_t kMembersMin = 3;
constexpr size_t kRangesMax = 20;

struct Key {
  std::string_view prefix;
  std::string_view suffix;
  size_t width;
  bool operator<(const Key& other) const {
    return std::tie(prefix, suffix, width) < std::tie(other.prefix, other.suffix, other.width);
  }
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::pair<Key, uint32_t>> Parse(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  size_t first = dot;
  while (first > 0 && IsDigit(name[first - 1])) --first;
  const size_t width = dot - first;
  if (width < 3 || width > 8 || first == 0) return std::nullopt;
  const char before = name[first - 1];
  if (before != '.' && before != '_' && before != '-') return std::nullopt;
  uint32_t number = 0;
  for (size_t i = first; i < dot; ++i) number = number * 10 + static_cast<uint32_t>(name[i] - '0');
  return std::pair(Key{name.substr(0, first), name.substr(dot), width}, number);
}

std::string Padded(uint32_t number, size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

std::vector<SequenceGap> FindGaps(const std::vector<std::string>& names) {
  std::map<Key, std::vector<uint32_t>> sequences;
  for (const std::string& name : names) {
    if (const auto parsed = Parse(name)) sequences[parsed->first].push_back(parsed->second);
  }
  std::vector<SequenceGap> gaps;
  for (auto& [key, numbers] : sequences) {
    if (numbers.size() < kMembersMin) continue;
    std::sort(numbers.begin(), numbers.end());
    SequenceGap gap;
    size_t ranges = 0;
    for (size_t i = 1; i < numbers.size(); ++i) {
      const uint32_t first = numbers[i - 1] + 1;
      if (numbers[i] <= first) continue;
      gap.frames += numbers[i] - first;
      if (++ranges > kRangesMax) continue;
      if (ranges > 1) gap.missing += ", ";
      gap.missing += Padded(first, key.width);
      if (numbers[i] - 1 > first) gap.missing += "-" + Padded(numbers[i] - 1, key.width);
    }
    if (gap.frames == 0) continue;
    if (ranges > kRangesMax) gap.missing += ", …";
    gap.pattern = base::StrCat(key.prefix, std::string(key.width, '#'), key.suffix);
    gaps.push_back(std::move(gap));
  }
  return gaps;
}

}  // namespace crossdock::agent
