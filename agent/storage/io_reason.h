// errno, as the data plane's reasons.
#pragma once

#include <string_view>

#include "absl/status/status.h"

namespace crossdock::agent {

// Something at the source failed with `error`; `path` is escaped here.
absl::Status SourceError(int error, std::string_view what, std::string_view path);
// Something at the destination failed with `error`.
absl::Status DestinationError(int error, std::string_view what, std::string_view path);

}  // namespace crossdock::agent
