#include "orchestrator/core/bottleneck.h"

#include <algorithm>
#include <cmath>

#include "lib/base/strings.h"

namespace crossdock::orchestrator {
namespace {

// Less of the time than this holds nobody back: several small causes do.
constexpr double kStandsOut = 0.4;

Bottleneck Named(std::string_view name, double share, std::string_view what) {
  return {std::string(name), base::StrCat("It is held back by the ", name, ": ", what, " ",
                                          static_cast<int>(std::lround(100 * share)), " % of the time.")};
}

}  // namespace

Bottleneck FindBottleneck(const StageShares& sender, const StageShares& receiver) {
  struct Candidate {
    double share;
    std::string_view name;
    std::string_view what;
  };
  const Candidate own[] = {
      {sender.cap, "cap", "the sender keeps to it"},
      {sender.storage, "source disk", "the sender waits for it"},
      {sender.work, "source CPU", "the sender hashes and encrypts"},
      {sender.lan, "LAN", "the sender's own network takes no more"},
  };
  const auto* most = std::max_element(std::begin(own), std::end(own),
                                      [](const Candidate& a, const Candidate& b) { return a.share < b.share; });
  if (most->share >= kStandsOut) return Named(most->name, most->share, most->what);
  // With nothing left to send the sender waits for acknowledgements: for what lies before it as well.
  const float waits = sender.line + sender.idle;
  if (waits < kStandsOut) return {};
  if (receiver.storage >= kStandsOut) {
    return Named("destination disk", receiver.storage, "the receiver waits for it");
  }
  if (receiver.work >= kStandsOut) return Named("destination CPU", receiver.work, "the receiver hashes and decrypts");
  if (receiver.line >= kStandsOut) return Named("WAN", waits, "the sender waits for what lies beyond its network");
  return {};
}

}  // namespace crossdock::orchestrator
