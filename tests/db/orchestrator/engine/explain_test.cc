// Every transfer has a reason to be where it is, in whatever state it is.
#include "orchestrator/engine/explain.h"

#include <map>
#include <vector>

#include "orchestrator/core/states.h"
#include "tests/db/orchestrator/engine/engine_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

// The shortest way to each state, along the legal moves.
std::map<State, std::vector<Cause>> Ways() {
  std::map<State, std::vector<Cause>> ways = {{State::kReceived, {}}};
  for (bool grew = true; grew;) {
    grew = false;
    for (const Move& move : kMoves) {
      if (!ways.contains(move.from) || ways.contains(move.to)) continue;
      std::vector<Cause> way = ways[move.from];
      way.push_back(move.cause);
      ways[move.to] = std::move(way);
      grew = true;
    }
  }
  return ways;
}

TEST_CASE("a transfer has a reason and a sentence in every state") {
  Studio studio;
  const std::map<State, std::vector<Cause>> ways = Ways();
  REQUIRE(ways.size() == kStateCount);
  for (const auto& [state, way] : ways) {
    const std::string name(Name(state));
    const auto made = studio.Create(name, base::StrCat("northlight/", name));
    REQUIRE(made.ok());
    for (const Cause cause : way) {
      studio.Write([&](pg::Tx& tx) {
        const Transfer now = *store::GetTransfer(tx, made->id);
        const store::MoveNote note{cause, "test", "", "", studio.clock.Now()};
        if (cause == Cause::kAssigned) {
          REQUIRE(store::AssignTransfer(tx, now, {"lon-1", "van-1", 1}, note));
        } else {
          REQUIRE(store::MoveTransfer(tx, now, note));
        }
      });
    }
    INFO(name);
    const auto explained = Explain(studio.context, made->id);
    REQUIRE(explained.ok());
    CHECK_FALSE(explained->reason.empty());
    REQUIRE_FALSE(explained->lines.empty());
    CHECK(explained->lines.front().size() > 20);
  }
}

TEST_CASE("what failed before says when it is tried again, and why it failed") {
  Studio studio;
  const Transfer made = *studio.Create("backoff");
  for (const Cause cause : {Cause::kAccepted, Cause::kManifestReady, Cause::kAllowed}) {
    studio.Write([&](pg::Tx& tx) {
      REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, made.id), {cause, "test", "", "", studio.clock.Now()}));
    });
  }
  studio.Write([&](pg::Tx& tx) {
    const base::Instant now = studio.clock.Now();
    REQUIRE(store::AssignTransfer(tx, *store::GetTransfer(tx, made.id), {"lon-1", "van-1", 1},
                                  {Cause::kAssigned, "test", "", "", now}));
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, made.id),
                                {Cause::kAttemptFailed, "test", "DESTINATION_FULL", "no space left", now}));
    store::SetBackoff(tx, made.id, 1, now + std::chrono::seconds(60));
  });
  const auto explained = Explain(studio.context, made.id);
  REQUIRE(explained.ok());
  CHECK(explained->reason == "DESTINATION_FULL");
  std::string all;
  for (const std::string& line : explained->lines) all += line + "\n";
  CHECK_THAT(all, Catch::Contains("tries again at") && Catch::Contains("no space left"));
}

TEST_CASE("a transfer that does not exist has no explanation") {
  Studio studio;
  CHECK(base::ReasonOf(Explain(studio.context, "t-none").status()) == "TRANSFER_UNKNOWN");
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
