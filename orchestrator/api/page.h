// Page tokens: where the next page begins, bound to the filter that it was made for. Opaque to clients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::orchestrator::api {

inline constexpr int kPageSizeUsual = 100;
inline constexpr int kPageSizeMax = 1000;

// 0 means kPageSizeUsual; more than kPageSizeMax is cut to it; INVALID_ARGUMENT below 0.
absl::StatusOr<int> PageSize(int32_t asked);

// The position is a few texts of the service's own choice; `filter` is everything that must stay the same between
// pages.
std::string FormatPageToken(const std::vector<std::string>& position, std::string_view filter);
// `parts` texts, or an empty list for an empty token. PAGE_TOKEN_INVALID otherwise.
absl::StatusOr<std::vector<std::string>> ParsePageToken(std::string_view token, size_t parts, std::string_view filter);

}  // namespace crossdock::orchestrator::api
