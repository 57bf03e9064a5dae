// The one answer that a browser brings to a sign-in: an HTTP request on loopback.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/net/listener.h"
#include "lib/net/wait.h"

namespace crossdock::cli {

inline constexpr std::string_view kCallbackPath = "/callback";

// The target of the first GET of kCallbackPath that `fits` takes; whatever else comes is answered, and changes nothing.
// TIMEOUT when nothing has come by the deadline.
absl::StatusOr<std::string> AwaitCallback(net::Listener& listener, const net::Deadline& deadline,
                                          const std::function<bool(std::string_view target)>& fits);

}  // namespace crossdock::cli
