// What keeps a moving transfer from being faster. Pure.
#pragma once

#include <string>

#include "orchestrator/core/fleet.h"

namespace crossdock::orchestrator {

struct Bottleneck {
  // "cap", "source disk", "source CPU", "LAN", "WAN" (the relays and what is between them), "destination CPU",
  // "destination disk"; empty: not known yet, or nothing stands out.
  std::string name;
  std::string sentence;  // for people, with a full stop; empty with the name
};

// From where the time of both ends' data legs went. The sender knows by what it waited for whether it is itself; when
// it waits for its relay to take more, the receiver knows whether the bytes reach it faster than it can take them.
Bottleneck FindBottleneck(const StageShares& sender, const StageShares& receiver);

}  // namespace crossdock::orchestrator
