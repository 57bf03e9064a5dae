// What is kept of decisions: each outcome once, with everything that it replays from.
#include <set>

#include "catch2/catch.hpp"
#include "lib/policy/replay.h"
#include "orchestrator/engine/decision_record.h"
#include "orchestrator/store/evidence.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kNight =
    "  - {id: N-30, effect: require, title: \"At night\", when: {}, require: {approvals: none, window: {clock: "
    "Europe/London, hours: \"22:00-06:00\", at_close: pause}}}\n";

std::vector<store::Decision> Decisions(DecidingStudio& studio) {
  std::vector<store::Decision> decisions;
  studio.Write([&](pg::Tx& tx) {
    decisions = store::DecisionsAfter(tx, "northlight", "", {}, *base::ParseInstant("2040-01-01T00:00:00Z"), 1000);
  });
  return decisions;
}

policy::Policy PolicyOf(DecidingStudio& studio, const std::string& digest) {
  std::optional<store::Policy> row;
  studio.Write([&](pg::Tx& tx) { row = store::GetPolicy(tx, "northlight", digest); });
  REQUIRE(row);
  return *policy::Parse(row->text, "policy");
}

TEST_CASE("every decision of a run replays to the verdict and the reasons that it had") {
  DecidingStudio studio;
  studio.Activate(base::StrCat(kAllow, kHoldUntil));
  const std::string id = studio.Decided(kUntil - seconds(30));
  REQUIRE(DecideAll(studio.context, kUntil).ok());
  REQUIRE(studio.Get(id).state == State::kQueued);
  studio.Activate(base::StrCat(kAllow, kNight));
  REQUIRE(ReconsiderAll(studio.context, "northlight", "olga", "POLICY_ACTIVATED").ok());
  for (int hour = 0; hour < 48; ++hour) {
    REQUIRE(DecideAll(studio.context, kUntil + std::chrono::hours(hour)).ok());
  }
  studio.Activate(kAllow);
  REQUIRE(ReconsiderAll(studio.context, "northlight", "olga", "POLICY_ACTIVATED").ok());
  REQUIRE(DecideAll(studio.context, kUntil + std::chrono::hours(49)).ok());

  std::set<std::string> verdicts, digests;
  const std::vector<store::Decision> decisions = Decisions(studio);
  for (const store::Decision& row : decisions) {
    const auto stored = ReadStored(row);
    INFO(stored.status().ToString());
    REQUIRE(stored.ok());
    REQUIRE(stored->layers.size() == 1);
    const policy::Decision replayed = policy::Replay(*stored, PolicyOf(studio, stored->layers[0].digest));
    CHECK(policy::Deviation(stored->layers[0], replayed).empty());
    CHECK(policy::VerdictName(replayed.verdict) == row.verdict);
    verdicts.insert(row.verdict);
    digests.insert(row.policy);
  }
  CHECK(verdicts == std::set<std::string>{"allow", "hold"});
  CHECK(digests.size() == 3);
}

TEST_CASE("the same outcome again adds no row, and another one does") {
  DecidingStudio studio;
  studio.Activate(base::StrCat(kAllow, kHoldUntil));
  const std::string id = studio.Decided(kUntil - std::chrono::minutes(30));
  CHECK(Decisions(studio).size() == 1);
  for (int minute = 29; minute > 0; --minute)
    REQUIRE(DecideAll(studio.context, kUntil - std::chrono::minutes(minute)).ok());
  CHECK(Decisions(studio).size() == 1);
  REQUIRE(DecideAll(studio.context, kUntil).ok());
  const std::vector<store::Decision> decisions = Decisions(studio);
  REQUIRE(decisions.size() == 2);
  CHECK(decisions[0].occasion == "event");
  CHECK(decisions[1].occasion == "time");
  CHECK(studio.Get(id).decision == decisions[1].id);
}

TEST_CASE("a transfer that comes back to an earlier outcome shows the row that says so") {
  DecidingStudio studio;
  studio.Activate(kAllow);
  const std::string id = studio.Running(studio.clock.Now() + seconds(1));
  const std::optional<int64_t> first = studio.Get(id).decision;
  studio.Write([&](pg::Tx& tx) {
    const Transfer transfer = *store::GetTransfer(tx, id);
    for (int i = 0; i < 3; ++i) REQUIRE(Decide(tx, transfer, "dispatch", studio.clock.Now() + seconds(i)).ok());
  });
  CHECK(studio.Get(id).decision == first);
  CHECK(Decisions(studio).size() == 1);
}

TEST_CASE("a decision keeps who vouches for each fact, and the hours as instants") {
  DecidingStudio studio;
  studio.Activate(base::StrCat(kAllow, kNight));
  studio.Decided(*base::ParseInstant("2030-06-05T12:00:00Z"));
  const store::Decision row = Decisions(studio).at(0);
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  CHECK(has(row.facts_json, R"("source.site": {"text": "lon", "provenance": "rostered"})"));
  CHECK(has(row.facts_json, R"("transfer.bytes": {"number": 1, "provenance": "measured"})"));
  CHECK(has(row.facts_json, R"("transfer.purpose": {"text": "review", "provenance": "asserted"})"));
  CHECK(has(row.layers_json, R"("edge": "2030-06-05T21:00:00.000000Z")"));
  CHECK(has(row.layers_json, R"("scope": "client:northlight")"));
}

TEST_CASE("what was decided without a policy replays from nothing, and says so") {
  DecidingStudio studio;
  studio.Decided(studio.clock.Now() + seconds(1));
  const store::Decision row = Decisions(studio).at(0);
  CHECK(ReadStored(row)->layers.empty());
  CHECK(row.verdict == "hold");
}

TEST_CASE("a second decision reads no policy") {
  DecidingStudio studio;
  studio.Activate(base::StrCat(kAllow, kHoldUntil));
  studio.ActivateLayer("{studio: true}", kAllow);
  const std::string id = studio.Decided(kUntil - std::chrono::minutes(30));
  CHECK(studio.context.parsed->read() == 2);
  REQUIRE(DecideAll(studio.context, kUntil - std::chrono::minutes(20)).ok());
  REQUIRE(DecideAll(studio.context, kUntil).ok());
  CHECK(studio.Get(id).state == State::kQueued);
  CHECK(studio.context.parsed->read() == 2);
  studio.Activate(kAllow);
  REQUIRE(ReconsiderAll(studio.context, "northlight", "olga", "POLICY_ACTIVATED").ok());
  REQUIRE(DecideAll(studio.context, kUntil + seconds(1)).ok());
  CHECK(studio.context.parsed->read() == 3);
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
