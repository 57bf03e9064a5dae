// `crossdock-agent --doctor`: what of this host and of its volumes bounds an agent.
#pragma once

#include <vector>

#include "agent/config.h"
#include "lib/host/finding.h"
#include "lib/host/judgement.h"

namespace crossdock::agent {

// Tries each volume's storage.
std::vector<host::Finding> Examine(const host::Facts& facts, const Config& config, const host::Line& line);

}  // namespace crossdock::agent
