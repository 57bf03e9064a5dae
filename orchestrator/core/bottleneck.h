// What keeps a moving transfer from being faster. Pure.
#pragma once

#include <string>
#include <vector>

#include "orchestrator/core/fleet.h"

namespace crossdock::orchestrator {

struct Bottleneck {
  // "cap", "source disk", "source CPU", "LAN", "relay lon-r1", "WAN" (the relays and what is between them),
  // "destination CPU", "destination disk"; empty: not known yet, or nothing stands out.
  std::string name;
  std::string sentence;  // for people, with a full stop; empty with the name
};

// A relay that the bytes pass; without an id nothing is known of it.
struct PassedRelay {
  std::string id;
  uint32_t busy_per_mille = 0;
};

// From where the time of both ends' data legs went. The sender knows by what it waited for whether it is itself; when
// it waits for its relay to take more, the receiver knows whether the bytes reach it faster than it can take them.
// Where the network is what is waited for, and a relay of the transfer has no processor time left (kRelayBusyPerMille),
// it is the relay. Of a transfer over one relay `far` is the same, or empty.
Bottleneck FindBottleneck(const StageShares& sender, const StageShares& receiver, const PassedRelay& near = {},
                          const PassedRelay& far = {});

}  // namespace crossdock::orchestrator
