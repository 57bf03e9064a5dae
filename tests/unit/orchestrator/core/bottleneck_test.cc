#include "orchestrator/core/bottleneck.h"

#include "catch2/catch.hpp"
#include "orchestrator/core/relay_choice.h"

namespace crossdock::orchestrator {
namespace {

StageShares Of(double storage, double work, double cap, double lan, double line, double idle) {
  return {storage, work, cap, lan, line, idle};
}

const StageShares kNothingComes = Of(0, 0.1, 0, 0, 0.9, 0);

TEST_CASE("a sender that waits for itself says what for", "[bottleneck]") {
  CHECK(FindBottleneck(Of(0.8, 0.1, 0, 0, 0.1, 0), kNothingComes).name == "source disk");
  CHECK(FindBottleneck(Of(0.1, 0.8, 0, 0, 0.1, 0), kNothingComes).name == "source CPU");
  CHECK(FindBottleneck(Of(0, 0.1, 0.9, 0, 0, 0), kNothingComes).name == "cap");
  CHECK(FindBottleneck(Of(0, 0.1, 0, 0.9, 0, 0), kNothingComes).name == "LAN");
}

TEST_CASE("when the relay takes no more, the receiver says whether it is the line", "[bottleneck]") {
  const StageShares waits = Of(0, 0.1, 0, 0, 0.9, 0);
  CHECK(FindBottleneck(waits, kNothingComes).name == "WAN");
  CHECK(FindBottleneck(waits, Of(0.7, 0.2, 0, 0, 0.1, 0)).name == "destination disk");
  CHECK(FindBottleneck(waits, Of(0.1, 0.7, 0, 0, 0.2, 0)).name == "destination CPU");
}

TEST_CASE("a sender with nothing left to send waits for what has not arrived or is not written", "[bottleneck]") {
  const StageShares sent = Of(0, 0.1, 0, 0, 0.1, 0.8);
  CHECK(FindBottleneck(sent, Of(0.9, 0.1, 0, 0, 0, 0)).name == "destination disk");
  CHECK(FindBottleneck(sent, kNothingComes).name == "WAN");
}

TEST_CASE("a relay without processor time is what the network waits for", "[bottleneck]") {
  const StageShares waits = Of(0, 0.1, 0, 0, 0.9, 0);
  const StageShares lan = Of(0, 0.1, 0, 0.9, 0, 0);
  CHECK(FindBottleneck(waits, kNothingComes, {"lon-r1", 960}, {"van-r1", 300}).name == "relay lon-r1");
  CHECK(FindBottleneck(waits, kNothingComes, {"lon-r1", 300}, {"van-r1", 960}).name == "relay van-r1");
  CHECK(FindBottleneck(waits, kNothingComes, {"lon-r1", 920}, {"van-r1", 960}).name == "relay van-r1");
  CHECK(FindBottleneck(lan, kNothingComes, {"lon-r1", 960}).name == "relay lon-r1");
  CHECK(FindBottleneck(waits, kNothingComes, {"lon-r1", 960}).sentence ==
        "It is held back by the relay lon-r1: its processors are busy 96 % of the time.");
}

TEST_CASE("a busy relay is not blamed for what somebody else holds back", "[bottleneck]") {
  const PassedRelay busy = {"lon-r1", 990};
  const StageShares waits = Of(0, 0.1, 0, 0, 0.9, 0);
  CHECK(FindBottleneck(Of(0, 0.1, 0.9, 0, 0, 0), kNothingComes, busy, busy).name == "cap");
  CHECK(FindBottleneck(Of(0.8, 0.1, 0, 0, 0.1, 0), kNothingComes, busy, busy).name == "source disk");
  CHECK(FindBottleneck(waits, Of(0.7, 0.2, 0, 0, 0.1, 0), busy, busy).name == "destination disk");
  CHECK(FindBottleneck(Of(0, 0.1, 0, 0.9, 0, 0), kNothingComes, {"lon-r1", 100}, busy).name == "LAN");
}

TEST_CASE("a relay with processor time to spare leaves it to the line", "[bottleneck]") {
  const StageShares waits = Of(0, 0.1, 0, 0, 0.9, 0);
  CHECK(FindBottleneck(waits, kNothingComes, {"lon-r1", kRelayBusyPerMille - 1}, {"van-r1", 0}).name == "WAN");
  CHECK(FindBottleneck(waits, kNothingComes, {"", 1000}, {"", 1000}).name == "WAN");
}

TEST_CASE("what is not known yet is not guessed", "[bottleneck]") {
  CHECK(FindBottleneck({}, {}).name.empty());
  CHECK(FindBottleneck(Of(0.35, 0.35, 0, 0, 0.2, 0.1), kNothingComes).name.empty());
}

TEST_CASE("the sentence says how much of the time", "[bottleneck]") {
  CHECK(FindBottleneck(Of(0, 0.07, 0.93, 0, 0, 0), kNothingComes).sentence ==
        "It is held back by the cap: the sender keeps to it 93 % of the time.");
}

}  // namespace
}  // namespace crossdock::orchestrator
