// Which relay of a site a new attempt goes over, by what the site's agents say of their relays.
//
// Pure. What is known is some seconds old and no promise: a relay may refuse all the same, and then the next attempt
// asks again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace crossdock::orchestrator {

// A relay from here on is avoided while there is another: nearly all of its processors' time, or most of the pairs that
// the limits of a relay as it is installed hold.
inline constexpr uint32_t kRelayBusyPerMille = 900;
inline constexpr uint32_t kRelayLoad = 800;

struct RelayView {
  std::string id;
  std::string site;
  bool reported = false;  // an agent that is online has something to say of it
  bool tended = false;
  bool draining = false;
  uint32_t load = 0;  // joined pairs
  uint32_t busy_per_mille = 0;
};

struct RelayChoice {
  std::string id;      // empty: none
  std::string reason;  // then RELAY_MISSING or RELAY_DRAINING
  std::string detail;
};

// Of the relays of `site`: never one that drains; rather one that is tended than one whose agents cannot reach it, and
// rather one that has room. Among equals `spread` decides: it differs between transfers and between attempts, so that
// a retry leads past a relay that is down without anybody having noticed.
RelayChoice ChooseRelay(const std::vector<RelayView>& relays, const std::string& site, uint64_t spread);

}  // namespace crossdock::orchestrator
