// What of this host bounds a relay.
#pragma once

#include <vector>

#include "lib/host/finding.h"
#include "lib/host/judgement.h"
#include "relay/config.h"

namespace crossdock::relay {

std::vector<host::Finding> Doctor(const host::Facts& facts, const Config& config, const host::Line& line);

}  // namespace crossdock::relay
