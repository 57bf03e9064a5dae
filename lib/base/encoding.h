// Hex and base 64, strict: a wrong character is an error, never skipped.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::base {

// Lower case.
std::string ToHex(std::string_view bytes);
// Takes lower case only, so that each value has one spelling.
absl::StatusOr<std::string> FromHex(std::string_view text);
// RFC 4648 with padding.
std::string ToBase64(std::string_view bytes);
absl::StatusOr<std::string> FromBase64(std::string_view text);
// The alphabet of URLs and file names, without padding (RFC 4648, section 5).
std::string ToBase64Url(std::string_view bytes);
absl::StatusOr<std::string> FromBase64Url(std::string_view text);

}  // namespace crossdock::base
