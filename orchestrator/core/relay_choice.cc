#include "orchestrator/core/relay_choice.h"

#include "lib/base/strings.h"

namespace crossdock::orchestrator {
namespace {

// Lower is better.
int Rank(const RelayView& relay) {
  // Nobody has said anything yet, as after a start of the orchestrator: as good as any, and not known to have room.
  if (!relay.reported) return 1;
  if (!relay.tended) return 2;
  return relay.busy_per_mille >= kRelayBusyPerMille || relay.load >= kRelayLoad ? 1 : 0;
}

}  // namespace

RelayChoice ChooseRelay(const std::vector<RelayView>& relays, const std::string& site, uint64_t spread) {
  std::vector<const RelayView*> best;
  bool any = false;
  for (const RelayView& relay : relays) {
    if (relay.site != site) continue;
    any = true;
    if (relay.draining) continue;
    if (!best.empty() && Rank(relay) > Rank(*best.front())) continue;
    if (!best.empty() && Rank(relay) < Rank(*best.front())) best.clear();
    best.push_back(&relay);
  }
  if (!best.empty()) return {best[spread % best.size()]->id, "", ""};
  if (any) {
    return {
        "", "RELAY_DRAINING",
        base::StrCat("every relay of site '", site, "' is being stopped; start one, or see `crossdock relay list`")};
  }
  return {"", "RELAY_MISSING", base::StrCat("site '", site, "' has no relay; add one with `crossdock relay add`")};
}

}  // namespace crossdock::orchestrator
