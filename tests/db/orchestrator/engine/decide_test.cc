// When a decision is made again: at the instant at which time alone changes it, and when a rule does.
#include "orchestrator/engine/decide.h"

#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "orchestrator/store/staging.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("what runs is stopped at the instant at which the rule that allowed it ends, and not before") {
  DecidingStudio studio;
  studio.Activate(kAllowUntil);
  const std::string id = studio.Running(kUntil - seconds(30));
  REQUIRE(RedecideRunning(studio.context, kUntil - milliseconds(1)).ok());
  CHECK(studio.Get(id).state == State::kRunning);
  REQUIRE(RedecideRunning(studio.context, kUntil).ok());
  CHECK(studio.Get(id).state == State::kDeciding);
  REQUIRE(DecideAll(studio.context, kUntil).ok());
  CHECK(studio.Get(id).state == State::kDenied);
}

TEST_CASE("what a rule holds goes at the instant at which that rule ends, and not before") {
  DecidingStudio studio;
  studio.Activate(base::StrCat(kAllow, kHoldUntil));
  const std::string id = studio.Decided(kUntil - seconds(30));
  REQUIRE(studio.Get(id).state == State::kHeld);
  REQUIRE(DecideAll(studio.context, kUntil - milliseconds(1)).ok());
  CHECK(studio.Get(id).state == State::kHeld);
  REQUIRE(DecideAll(studio.context, kUntil).ok());
  CHECK(studio.Get(id).state == State::kQueued);
}

TEST_CASE("what waits is looked at once a minute, whatever nobody told us of") {
  DecidingStudio studio;
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string id = studio.Decided(now);  // without a policy
  REQUIRE(studio.Get(id).reason == "POLICY_MISSING");
  studio.Activate(kAllow);
  REQUIRE(DecideAll(studio.context, now + seconds(59)).ok());
  CHECK(studio.Get(id).state == State::kHeld);
  REQUIRE(DecideAll(studio.context, now + seconds(60)).ok());
  CHECK(studio.Get(id).state == State::kQueued);
}

TEST_CASE("a policy that changes stops what runs at once, however lately it was decided") {
  DecidingStudio studio;
  studio.Activate(kAllow);
  const std::string id = studio.Running(studio.clock.Now() + seconds(1));
  studio.Activate(base::StrCat(kAllow, kHoldUntil));
  REQUIRE(RedecideRunning(studio.context, studio.clock.Now()).ok());
  CHECK(studio.Get(id).state == State::kRunning);  // nobody said that it changed
  REQUIRE(ReconsiderAll(studio.context, "another client", "olga", "POLICY_ACTIVATED").ok());
  CHECK(studio.Get(id).state == State::kRunning);
  REQUIRE(ReconsiderAll(studio.context, "northlight", "olga", "POLICY_ACTIVATED").ok());
  CHECK(studio.Get(id).state == State::kDeciding);
}

TEST_CASE("the studio's and the show's rules are asked besides the client's, and whichever is strictest counts") {
  DecidingStudio studio;
  const base::Instant now = studio.clock.Now() + seconds(1);
  studio.Activate(kAllow);
  studio.ActivateLayer("{client: northlight, show: another}", kHoldUntil);
  const std::string id = studio.Decided(now);
  CHECK(studio.Get(id).state == State::kQueued);
  studio.ActivateLayer("{studio: true}", base::StrCat(kAllow, kHoldUntil));
  REQUIRE(ReconsiderAll(studio.context, "", "olga", "POLICY_ACTIVATED").ok());
  REQUIRE(DecideAll(studio.context, now).ok());
  CHECK(studio.Get(id).state == State::kHeld);
  studio.ActivateLayer("{studio: true}", kAllow);
  REQUIRE(ReconsiderAll(studio.context, "", "olga", "POLICY_ACTIVATED").ok());
  REQUIRE(DecideAll(studio.context, now).ok());
  CHECK(studio.Get(id).state == State::kQueued);
}

TEST_CASE("the studio's rules alone let nothing go") {
  DecidingStudio studio;
  studio.ActivateLayer("{studio: true}", kAllow);
  CHECK(studio.Get(studio.Decided(studio.clock.Now() + seconds(1))).reason == "POLICY_MISSING");
}

TEST_CASE("staging goes as soon as the policy wants it gone, although the studio would keep it for longer") {
  DecidingStudio studio;
  const std::string allow =
      "  - {id: N-10, effect: allow, when: {}, require: {approvals: none}, obligations: {delete_staging_within: 2h}}\n";
  studio.Activate(allow);
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string id = studio.Running(now);
  studio.Activate(base::StrCat(allow, kHoldUntil));
  REQUIRE(ReconsiderAll(studio.context, "northlight", "olga", "POLICY_ACTIVATED").ok());
  REQUIRE(DecideAll(studio.context, now).ok());
  REQUIRE(studio.Get(id).state == State::kHeld);
  const auto held = [&](base::Instant at) {
    size_t count = 0;
    studio.Write([&](pg::Tx& tx) { count = store::HeldStagingOf(tx, "van-1", std::chrono::hours(24), at, 10).size(); });
    return count;
  };
  const base::Instant stopped = studio.Get(id).state_since;
  CHECK(held(stopped + std::chrono::minutes(119)) == 0);
  CHECK(held(stopped + std::chrono::hours(2)) == 1);
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
