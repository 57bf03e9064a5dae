// JSON of strangers: what reads differently in two readers is refused.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::oidc {

inline constexpr int kJsonDepthMax = 8;

// One object. INVALID_ARGUMENT (JSON_INVALID) for anything else, for a key that stands twice, for text that is not
// UTF-8, and for values nested deeper than kJsonDepthMax. `what` names the text in the message. Pure.
absl::StatusOr<nlohmann::json> ParseObject(std::string_view text, std::string_view what);

// The string `name` of `object`; "" when it is absent or something else.
std::string StringOf(const nlohmann::json& object, std::string_view name);

}  // namespace crossdock::oidc
