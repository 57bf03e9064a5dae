// Bridges between std::string_view, which our interfaces use, and Debian's absl::string_view, which does not convert.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace crossdock::base {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
template <typename T>
decltype(auto) CatArgument(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    return ToAbsl(value);
  } else {
    return static_cast<const T&>(value);
  }
}
}  // namespace internal

// absl::StrCat that takes std::string_view as well.
template <typename... Parts>
std::string StrCat(const Parts&... parts) {
  return absl::StrCat(internal::CatArgument(parts)...);
}

// `bytes` as it may stand in a log line, a table or a terminal: printable ASCII stays, all else becomes %XX. A
// hostile file name can neither break a line nor move a cursor. Percent itself is escaped, so it is reversible.
std::string PercentEscape(std::string_view bytes);

// The inverse of PercentEscape; false when a % is not followed by two upper-case hex digits.
bool PercentUnescape(std::string_view text, std::string* bytes);

}  // namespace crossdock::base
