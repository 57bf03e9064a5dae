// Why is it not there yet?
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/engine/context.h"
#include "orchestrator/engine/decide.h"

namespace crossdock::orchestrator::engine {

struct Explanation {
  Transfer transfer;
  std::string reason;              // code; never empty while the transfer waits
  std::vector<std::string> lines;  // what it waits for, since when, and who or what can change it
  std::vector<OpenRequirement> requirements;
};

absl::StatusOr<Explanation> Explain(const Context& context, std::string_view transfer);

}  // namespace crossdock::orchestrator::engine
