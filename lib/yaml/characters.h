// Which characters may stand in a file that people sign: what a reviewer cannot see must not be there.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace crossdock::yaml {

// The first character of `text` that is refused: not UTF-8, a control character other than the line feed (so no tab and
// no carriage return), a byte-order mark, or a character that is invisible or changes the direction of text.
struct BadCharacter {
  size_t offset = 0;  // bytes
  std::string what;   // "a tab; indent with spaces"
};
std::optional<BadCharacter> FindBadCharacter(std::string_view text);

}  // namespace crossdock::yaml
