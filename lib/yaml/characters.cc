#include "lib/yaml/characters.h"

#include <algorithm>
#include <cstdint>
#include <iterator>

#include "absl/strings/str_format.h"

namespace crossdock::yaml {
namespace {

// Decodes the character at `text[at]`; returns its length in bytes, 0 when it is not well-formed UTF-8 (RFC 3629).
size_t Decode(std::string_view text, size_t at, uint32_t* code) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const uint8_t first = byte(0);
  size_t length = 0;
  uint32_t code_min = 0;
  if (first < 0x80) {
    *code = first;
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, code_min = 0x80, *code = first & 0x1F;
  } else if ((first & 0xF0) == 0xE0) {
    length = 3, code_min = 0x800, *code = first & 0x0F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, code_min = 0x10000, *code = first & 0x07;
  } else {
    return 0;
  }
  if (text.size() - at < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    *code = *code << 6 | (byte(i) & 0x3F);
  }
  const bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
  return *code < code_min || *code > 0x10FFFF || surrogate ? 0 : length;
}

struct Range {
  uint32_t first, last;
};

// Characters that have no shape of their own: Unicode's default-ignorable ones as far as they are assigned, the
// line and paragraph separators, and the interlinear marks.
constexpr Range kInvisible[] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x115F, 0x1160}, {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200D}, {0x2028, 0x2029}, {0x2060, 0x2065}, {0x206A, 0x206F},   {0x3164, 0x3164},
    {0xFE00, 0xFE0F}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB}, {0xE0000, 0xE0FFF},
};
constexpr Range kBidi[] = {{0x061C, 0x061C}, {0x200E, 0x200F}, {0x202A, 0x202E}, {0x2066, 0x2069}};

template <size_t N>
bool In(const Range (&ranges)[N], uint32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [&](const Range& range) { return code >= range.first && code <= range.last; });
}

std::string Complaint(uint32_t code) {
  if (code == '\t') return "a tab; indent and separate with spaces";
  if (code == '\r') return "a carriage return; save the file with line ends LF";
  if (code < 0x20 || (code >= 0x7F && code <= 0x9F)) {
    return absl::StrFormat("control character U+%04X; remove it", code);
  }
  if (code == 0xFEFF) return "a byte-order mark; save the file as UTF-8 without BOM";
  if (In(kBidi, code)) return absl::StrFormat("character U+%04X changes the direction of text; remove it", code);
  if (In(kInvisible, code)) return absl::StrFormat("invisible character U+%04X; remove it", code);
  return "";
}

}  // namespace

std::optional<BadCharacter> FindBadCharacter(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    uint32_t code = 0;
    const size_t length = Decode(text, at, &code);
    if (length == 0) return BadCharacter{at, "a byte that is not UTF-8; save the file as UTF-8"};
    if (code != '\n') {
      if (std::string what = Complaint(code); !what.empty()) return BadCharacter{at, std::move(what)};
    }
    at += length;
  }
  return std::nullopt;
}

}  // namespace crossdock::yaml
