#include "orchestrator/core/bottleneck.h"

#include <algorithm>
#include <cmath>

#include "lib/base/strings.h"
#include "orchestrator/core/relay_choice.h"

namespace crossdock::orchestrator {
namespace {

// Less of the time than this holds nobody back: several small causes do.
constexpr double kStandsOut = 0.4;
constexpr std::string_view kLan = "LAN";

Bottleneck Named(std::string_view name, double share, std::string_view what) {
  return {std::string(name), base::StrCat("It is held back by the ", name, ": ", what, " ",
                                          static_cast<int>(std::lround(100 * share)), " % of the time.")};
}

bool IsAtItsLimit(const PassedRelay& relay) { return !relay.id.empty() && relay.busy_per_mille >= kRelayBusyPerMille; }

// What the network is held back by: a relay, or itself.
Bottleneck OfNetwork(const PassedRelay& relay, const Bottleneck& network) {
  if (!IsAtItsLimit(relay)) return network;
  return {base::StrCat("relay ", relay.id),
          base::StrCat("It is held back by the relay ", relay.id, ": its processors are busy ",
                       (relay.busy_per_mille + 5) / 10, " % of the time.")};
}

}  // namespace

Bottleneck FindBottleneck(const StageShares& sender, const StageShares& receiver, const PassedRelay& near,
                          const PassedRelay& far) {
  struct Candidate {
    double share;
    std::string_view name;
    std::string_view what;
  };
  const Candidate own[] = {
      {sender.cap, "cap", "the sender keeps to it"},
      {sender.storage, "source disk", "the sender waits for it"},
      {sender.work, "source CPU", "the sender hashes and encrypts"},
      {sender.lan, kLan, "the sender's own network takes no more"},
  };
  const auto* most = std::max_element(std::begin(own), std::end(own),
                                      [](const Candidate& a, const Candidate& b) { return a.share < b.share; });
  if (most->share >= kStandsOut) {
    const Bottleneck own_part = Named(most->name, most->share, most->what);
    // Between the sender and the near relay: nothing is known of the far one by that.
    return most->name == kLan ? OfNetwork(near, own_part) : own_part;
  }
  // With nothing left to send the sender waits for acknowledgements: for what lies before it as well.
  const float waits = sender.line + sender.idle;
  if (waits < kStandsOut) return {};
  if (receiver.storage >= kStandsOut) {
    return Named("destination disk", receiver.storage, "the receiver waits for it");
  }
  if (receiver.work >= kStandsOut) return Named("destination CPU", receiver.work, "the receiver hashes and decrypts");
  if (receiver.line >= kStandsOut) {
    return OfNetwork(near.busy_per_mille >= far.busy_per_mille ? near : far,
                     Named("WAN", waits, "the sender waits for what lies beyond its network"));
  }
  return {};
}

}  // namespace crossdock::orchestrator
