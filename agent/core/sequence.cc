#include "agent/core/sequence.h"

#include <algorithm>
#include <optional>

#include "lib/base/strings.h"

namespace crossdock::agent {
namespace {

constexpr size_t kMembersMin = 3;
constexpr size_t kRangesMax = 20;
constexpr size_t kSequencesMax = 10'000;

struct Frame {
  std::string_view prefix;
  std::string_view suffix;
  size_t width;
  uint32_t number;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<Frame> Parse(std::string_view name) {
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
  return Frame{name.substr(0, first), name.substr(dot), width, number};
}

std::string Padded(uint32_t number, size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

}  // namespace

void FrameSequences::Add(std::string_view name) {
  const auto frame = Parse(name);
  if (!frame) return;
  const Key key{frame->prefix, frame->suffix, frame->width};
  const auto found = sequences_.find(key);
  if (found != sequences_.end()) {
    found->second.push_back(frame->number);
  } else if (sequences_.size() < kSequencesMax) {
    sequences_[key] = {frame->number};
  }
}

std::vector<SequenceGap> FrameSequences::Gaps() const {
  std::vector<SequenceGap> gaps;
  for (const auto& [key, found] : sequences_) {
    if (found.size() < kMembersMin) continue;
    const auto& [prefix, suffix, width] = key;
    std::vector<uint32_t> numbers = found;
    std::sort(numbers.begin(), numbers.end());
    SequenceGap gap;
    size_t ranges = 0;
    for (size_t i = 1; i < numbers.size(); ++i) {
      const uint32_t first = numbers[i - 1] + 1;
      if (numbers[i] <= first) continue;
      gap.frames += numbers[i] - first;
      if (++ranges > kRangesMax) continue;
      if (ranges > 1) gap.missing += ", ";
      gap.missing += Padded(first, width);
      if (numbers[i] - 1 > first) gap.missing += "-" + Padded(numbers[i] - 1, width);
    }
    if (gap.frames == 0) continue;
    if (ranges > kRangesMax) gap.missing += ", …";
    gap.pattern = base::StrCat(prefix, std::string(width, '#'), suffix);
    gaps.push_back(std::move(gap));
  }
  return gaps;
}

}  // namespace crossdock::agent
