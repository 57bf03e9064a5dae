#include "lib/wire/name.h"

#include <algorithm>

#include "lib/base/strings.h"

namespace crossdock::wire {
namespace {

constexpr uint32_t kBad = 0xffffffff;

// Takes one code point off `text`; kBad for anything that is not its shortest UTF-8 form (RFC 3629).
uint32_t TakeCodePoint(std::string_view& text) {
  const auto at = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const uint32_t first = at(0);
  const size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size == 0 || text.size() < size) return kBad;
  uint32_t point = size == 1 ? first : first & (0x7fu >> size);
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xc0) != 0x80) return kBad;
    point = point << 6 | (at(i) & 0x3f);
  }
  if ((size == 3 && point < 0x800) || (size == 4 && (point < 0x10000 || point > 0x10ffff))) return kBad;
  if (point >= 0xd800 && point <= 0xdfff) return kBad;
  text.remove_prefix(size);
  return point;
}

bool IsControl(uint32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029; }

// Characters that take no place or turn the direction of what follows (UAX #9, and the default ignorables that file
// managers show as nothing).
bool IsInvisible(uint32_t c) {
  return c == 0x00ad || c == 0x034f || c == 0x061c || c == 0x115f || c == 0x1160 || (c >= 0x17b4 && c <= 0x17b5) ||
         (c >= 0x180b && c <= 0x180f) || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0x3164 || c == 0xfeff || c == 0xffa0 || (c >= 0xfff0 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe0fff);
}

}  // namespace

std::optional<Reason> CheckName(std::string_view name) {
  if (name.empty()) return Reason::kNameEmpty;
  if (name.size() > kNameSizeMax) return Reason::kNameTooLong;
  if (name == "." || name == "..") return Reason::kNameReserved;
  if (name.find('/') != std::string_view::npos) return Reason::kNameSlash;
  while (!name.empty()) {
    const uint32_t point = TakeCodePoint(name);
    if (point == kBad) return Reason::kNameInvalidUtf8;
    if (IsControl(point)) return Reason::kNameControl;
    if (IsInvisible(point)) return Reason::kNameInvisible;
  }
  return std::nullopt;
}

std::optional<Reason> CheckPath(std::string_view path) {
  if (path.size() > kPathSizeMax) return Reason::kNameTooLong;
  for (size_t depth = 1;; ++depth) {
    if (depth > kPathDepthMax) return Reason::kNameTooLong;
    const size_t slash = path.find('/');
    if (const auto problem = CheckName(path.substr(0, slash))) return problem;
    if (slash == std::string_view::npos) return std::nullopt;
    path.remove_prefix(slash + 1);
  }
}

absl::Status RequirePath(std::string_view path) {
  const auto problem = CheckPath(path);
  if (!problem) return absl::OkStatus();
  return Fail(*problem, "'", base::PercentEscape(path.substr(0, 512)),
              "' is not a name that may cross to another site");
}

bool LinkStaysInside(std::string_view path, std::string_view target) {
  if (target.empty() || target.size() > kPathSizeMax || target.front() == '/') return false;
  auto depth = std::count(path.begin(), path.end(), '/');
  bool descended = false;
  while (true) {
    const size_t slash = target.find('/');
    const std::string_view name = target.substr(0, slash);
    if (name == "..") {
      if (descended || --depth < 0) return false;
    } else if (name != ".") {
      if (CheckName(name)) return false;
      descended = true;
    }
    if (slash == std::string_view::npos) return true;
    target.remove_prefix(slash + 1);
  }
}

}  // namespace crossdock::wire
