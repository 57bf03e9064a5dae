// Reading a policy that a command line names.
#pragma once

#include <string>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/policy/parse.h"

namespace crossdock::cli {

inline absl::StatusOr<policy::Policy> ReadPolicy(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, 1u << 20));
  return policy::Parse(text, path);
}

}  // namespace crossdock::cli
