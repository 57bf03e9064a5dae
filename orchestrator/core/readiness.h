// When a package at its source is whole, as a trigger or a request says it:
//
//   none          it is, once it is asked for
//   stable 30s    when nothing of it has changed for so long, by the source agent's clock
//   marker FILE   when this file is there: below the package's path, or beside it when the package is one file
//
// Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::orchestrator {

struct Readiness {
  std::chrono::seconds quiet{0};  // 0: does not matter
  std::string marker;             // empty: none is needed
  bool operator==(const Readiness&) const = default;
};

// INVALID_ARGUMENT with what to write instead.
absl::StatusOr<Readiness> ParseReadiness(std::string_view text);

}  // namespace crossdock::orchestrator
