// A stored decision replays; a candidate is foreseen by what was kept, and never by a guess.
#include "lib/policy/replay.h"

#include "catch2/catch.hpp"
#include "lib/policy/parse.h"
#include "tests/unit/policy/world.h"

namespace crossdock::policy {
namespace {

constexpr std::string_view kHead =
    "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
    "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n";
constexpr std::string_view kScope = "client:c";

Policy Rules(const std::string& rules) {
  auto policy = Parse(std::string(kHead) + rules, "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

StoredDecision Store(const Policy& policy, const Facts& facts, const std::vector<Approval>& approvals, Instant now) {
  const Decision decision = Evaluate(policy, facts, approvals, now);
  return {now, 1, facts, approvals, {StoreLayer(policy, kScope, 1, decision.layers.at(0))}, decision.verdict};
}

Facts Some() {
  Facts facts;
  facts.values["asset.client"] = "c";
  facts.values["source.site"] = "lon";
  facts.values["destination.site"] = "van";
  return facts;
}

const std::string kAllow = "  - {id: A, effect: allow, title: a, when: {}, require: {approvals: none}}\n";
const std::string kHold = "  - {id: H, effect: hold, reason: h, when: {source.site: {in: [lon]}}}\n";
const std::string kByPublisher = "  - {id: B, effect: forbid, reason: b, when: {asset.publisher: {in: [mallory]}}}\n";
const std::string kNight =
    "  - {id: N, effect: allow, title: n, when: {}, require: {approvals: none, window: {clock: Europe/London, "
    "hours: \"22:00-06:00\", at_close: pause}}}\n";

TEST_CASE("every decision of random policies replays to the same verdict and the same reasons", "[property]") {
  World world(20261121);
  int with_hours = 0;
  for (int round = 0; round < 20'000; ++round) {
    Policy policy = world.APolicy();
    policy.digest = "d";
    const StoredDecision stored = Store(policy, world.SomeFacts(), world.SomeApprovals(), kNow);
    with_hours += stored.layers[0].windows.empty() ? 0 : 1;
    const std::string deviation = Deviation(stored.layers[0], Replay(stored, policy));
    if (!deviation.empty()) FAIL("round " << round << ": " << deviation);
  }
  CHECK(with_hours > 100);
}

TEST_CASE("a decision replays with the hours that it had, whatever the zone data says by now") {
  Policy policy = Rules(kNight);
  const StoredDecision stored = Store(policy, Some(), {}, kNow);
  REQUIRE(stored.verdict == Verdict::kHold);
  // Another zone data: the same version's hours resolve to other instants.
  policy.rules[0].require->window->zone = "Pacific/Auckland";
  REQUIRE(Evaluate(policy, stored.facts, {}, kNow).verdict == Verdict::kAllow);
  const Decision replayed = Replay(stored, policy);
  CHECK(replayed.verdict == Verdict::kHold);
  CHECK(Deviation(stored.layers[0], replayed).empty());
  CHECK(replayed.until == stored.layers[0].windows[0].edge);
}

TEST_CASE("a decision replays with the ends that its rules had, whatever the zone data says by now") {
  Policy policy = Rules(kAllow +
                        "  - {id: E, effect: hold, reason: e, when: {}, until: {at: \"2026-06-05T13:30:00\", "
                        "zone: Europe/London}}\n");
  const StoredDecision stored = Store(policy, Some(), {}, kNow);
  REQUIRE(stored.verdict == Verdict::kHold);
  policy.rules[1].until->instant = kNow - std::chrono::hours(1);
  CHECK(Replay(stored, policy).verdict == Verdict::kHold);
  policy.rules[1].until->instant.reset();
  CHECK(Deviation(stored.layers[0], Replay(stored, policy)).empty());
}

TEST_CASE("a deviation names what differs") {
  const Policy policy = Rules(kAllow);
  StoredDecision stored = Store(policy, Some(), {}, kNow);
  CHECK(Deviation(stored.layers[0], Replay(stored, policy)).empty());
  stored.layers[0].verdict = Verdict::kDeny;
  CHECK(Deviation(stored.layers[0], Replay(stored, policy)) == "the verdict was deny and is allow");
  stored.layers[0].digest = "x";
  CHECK(Deviation(stored.layers[0], Replay(stored, policy)) == "it was another version");
}

TEST_CASE("a candidate is foreseen: newly allowed, newly refused, looser, stricter or the same") {
  const Policy allow = Rules(kAllow), hold = Rules(kAllow + kHold), nothing = Rules(kHold);
  using Kind = Prospect::Kind;
  CHECK(Foresee(Store(hold, Some(), {}, kNow), kScope, allow).kind == Kind::kNewlyAllowed);
  CHECK(Foresee(Store(allow, Some(), {}, kNow), kScope, hold).kind == Kind::kNewlyRefused);
  CHECK(Foresee(Store(nothing, Some(), {}, kNow), kScope, hold).kind == Kind::kLooser);
  CHECK(Foresee(Store(hold, Some(), {}, kNow), kScope, nothing).kind == Kind::kStricter);
  CHECK(Foresee(Store(hold, Some(), {}, kNow), kScope, hold).kind == Kind::kSame);
}

TEST_CASE("what rests on a fact that was not kept is undecidable, and not guessed") {
  const Policy allow = Rules(kAllow), asks = Rules(kAllow + kByPublisher);
  const Prospect prospect = Foresee(Store(allow, Some(), {}, kNow), kScope, asks);
  CHECK(prospect.kind == Prospect::Kind::kUndecidable);
  CHECK(prospect.why.find("asset.publisher") != std::string::npos);
  // A hold that needs no unknown fact is certain.
  const Policy sure = Rules(kAllow + kByPublisher + kHold);
  CHECK(Foresee(Store(allow, Some(), {}, kNow), kScope, sure).kind == Prospect::Kind::kNewlyRefused);
}

TEST_CASE("a case in which no policy was asked is undecidable") {
  StoredDecision stored;
  stored.now = kNow;
  stored.facts = Some();
  stored.verdict = Verdict::kHold;
  CHECK(Foresee(stored, kScope, Rules(kAllow)).kind == Prospect::Kind::kUndecidable);
}

TEST_CASE("another layer's word stands, whatever the candidate says") {
  StoredDecision stored = Store(Rules(kAllow + kHold), Some(), {}, kNow);
  stored.layers.push_back({"studio", "s", 1, Verdict::kDeny, {"forbidden S"}, {}, {}});
  stored.verdict = Verdict::kDeny;
  CHECK(Foresee(stored, kScope, Rules(kAllow)).kind == Prospect::Kind::kSame);
  CHECK(Foresee(stored, "studio", Rules(kAllow + kHold)).kind == Prospect::Kind::kLooser);
}

}  // namespace
}  // namespace crossdock::policy
