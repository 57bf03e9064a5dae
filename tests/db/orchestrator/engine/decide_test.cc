// When a decision is made again: at the instant at which time alone changes it, and when a rule does.
#include "orchestrator/engine/decide.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/parse.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/rules.h"
#include "orchestrator/store/transfers.h"
#include "tests/db/orchestrator/engine/engine_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kHead = R"yaml(schema: crossdock/policy/v1
id: northlight
title: "Work goes to Vancouver"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2034-12-31}
rules:
)yaml";
constexpr std::string_view kAllow =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: none}}\n";
constexpr std::string_view kAllowUntil =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: none}, until: "
    "\"2030-01-01T00:00:00Z\"}\n";
constexpr std::string_view kHoldUntil =
    "  - {id: N-20, effect: hold, reason: \"Embargo\", when: {}, until: \"2030-01-01T00:00:00Z\"}\n";
constexpr std::string_view kTests = R"yaml(fixture: {client: northlight, now: "2026-11-20T12:00:00Z"}
tests:
  - {name: "an unknown client's work stays", facts: {client: other}, expect: {hold: policy-of-another-client}}
)yaml";

const base::Instant kUntil = *base::ParseInstant("2030-01-01T00:00:00Z");

class DecidingStudio : public Studio {
 public:
  void Activate(std::string_view rules) {
    const std::string text = base::StrCat(kHead, rules, kTests);
    const absl::StatusOr<policy::Policy> policy = policy::Parse(text, "test");
    INFO(policy.status().ToString());
    REQUIRE(policy.ok());
    const trust::PolicyActivation activation{policy->client, ++number_, policy->digest, clock.Now(), "olga"};
    store::Policy row;
    row.client = policy->client;
    row.digest = policy->digest;
    row.text = text;
    row.proposed = clock.Now();
    row.number = number_;
    row.statement = trust::SignedStatement::Sign(*trust::Encode(activation), officer).Format();
    row.officer = "olga";
    row.activated = clock.Now();
    Write([&](pg::Tx& tx) {
      store::InsertPolicy(tx, row);
      store::ActivatePolicy(tx, row);
    });
  }
  Transfer Get(const std::string& id) {
    Transfer transfer;
    Write([&](pg::Tx& tx) { transfer = *store::GetTransfer(tx, id); });
    return transfer;
  }
  // A transfer that was decided at `now`.
  std::string Decided(base::Instant now) {
    const auto made = Create("r-1");
    REQUIRE(made.ok());
    Write([&](pg::Tx& tx) {
      Transfer transfer = *store::GetTransfer(tx, made->id);
      if (transfer.state == State::kReceived) {
        REQUIRE(store::MoveTransfer(tx, transfer, {Cause::kAccepted, "test", "", "", now}));
        transfer = *store::GetTransfer(tx, made->id);
      }
      REQUIRE(store::SetListing(tx, transfer, std::string(64, 'a'), 1, 1, 1));
      transfer = *store::GetTransfer(tx, made->id);
      REQUIRE(store::MoveTransfer(tx, transfer, {Cause::kManifestReady, "test", "", "", now}));
    });
    REQUIRE(DecideAll(context, now).ok());
    return made->id;
  }
  std::string Running(base::Instant now) {
    const std::string id = Decided(now);
    REQUIRE(Get(id).state == State::kQueued);
    Write([&](pg::Tx& tx) {
      REQUIRE(store::AssignTransfer(tx, *store::GetTransfer(tx, id), {"lon-1", "van-1", 1},
                                    {Cause::kAssigned, "planner", "", "", now}));
    });
    return id;
  }

 private:
  uint64_t number_ = 0;
};

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

}  // namespace
}  // namespace crossdock::orchestrator::engine
