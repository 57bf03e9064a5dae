// One small document over HTTPS, by libcurl.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace crossdock::orchestrator::identity {

inline constexpr size_t kDocumentMax = 256u << 10;

// What a GET of `url` answers with 200. Nothing but https, no redirects, no proxy of the environment, no more than
// kDocumentMax bytes, ten seconds. `ca_file`: the authorities to believe; empty: the system's. UNAVAILABLE
// (HTTPS_FAILED) says why. Blocks; any thread.
absl::StatusOr<std::string> Get(const std::string& url, const std::string& ca_file);

}  // namespace crossdock::orchestrator::identity
