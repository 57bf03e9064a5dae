#include "orchestrator/core/relay_choice.h"

#include <set>

#include "catch2/catch.hpp"

namespace crossdock::orchestrator {
namespace {

RelayView Well(const std::string& id, const std::string& site = "lon") {
  RelayView relay;
  relay.id = id;
  relay.site = site;
  relay.reported = relay.tended = true;
  return relay;
}

// Whatever the spread, one of these.
std::set<std::string> Chosen(const std::vector<RelayView>& relays) {
  std::set<std::string> ids;
  for (uint64_t spread = 0; spread < 12; ++spread) ids.insert(ChooseRelay(relays, "lon", spread).id);
  return ids;
}

TEST_CASE("attempts are spread over a site's own relays that are well", "[relay_choice]") {
  const std::vector<RelayView> relays{Well("a"), Well("far", "van"), Well("b")};
  CHECK(Chosen(relays) == std::set<std::string>{"a", "b"});
  CHECK(ChooseRelay(relays, "lon", 6).id != ChooseRelay(relays, "lon", 7).id);
}

TEST_CASE("a relay that drains gets nothing new, also when it is the only one", "[relay_choice]") {
  std::vector<RelayView> relays{Well("a"), Well("b")};
  relays[0].draining = true;
  CHECK(Chosen(relays) == std::set<std::string>{"b"});
  relays[1].draining = true;
  CHECK(ChooseRelay(relays, "lon", 0).reason == "RELAY_DRAINING");
  relays[1].draining = false;
  relays[1].tended = false;
  CHECK(Chosen(relays) == std::set<std::string>{"b"});
}

TEST_CASE("a relay that is busy or full is avoided while there is another", "[relay_choice]") {
  std::vector<RelayView> relays{Well("a"), Well("b")};
  SECTION("busy") {
    relays[0].busy_per_mille = kRelayBusyPerMille - 1;
    CHECK(Chosen(relays).size() == 2);
    relays[0].busy_per_mille = kRelayBusyPerMille;
  }
  SECTION("full") {
    relays[0].load = kRelayLoad - 1;
    CHECK(Chosen(relays).size() == 2);
    relays[0].load = kRelayLoad;
  }
  CHECK(Chosen(relays) == std::set<std::string>{"b"});
  relays.pop_back();
  CHECK(Chosen(relays) == std::set<std::string>{"a"});
}

TEST_CASE("a relay that its agents cannot reach is the last choice, one of which nothing is known the second last",
          "[relay_choice]") {
  std::vector<RelayView> relays{Well("a"), Well("b"), Well("c")};
  relays[0].tended = false;
  relays[1].reported = relays[1].tended = false;
  CHECK(Chosen(relays) == std::set<std::string>{"c"});
  relays.pop_back();
  CHECK(Chosen(relays) == std::set<std::string>{"b"});
  relays.pop_back();
  CHECK(Chosen(relays) == std::set<std::string>{"a"});
}

TEST_CASE("a site without a relay is told apart from one whose relays drain", "[relay_choice]") {
  CHECK(ChooseRelay({Well("far", "van")}, "lon", 0).reason == "RELAY_MISSING");
}

}  // namespace
}  // namespace crossdock::orchestrator
