// What takes one officer only: a rollback that lets nothing new through, and a version that lets nothing through.
#include "catch2/catch.hpp"
#include "lib/policy/parse.h"
#include "orchestrator/engine/policy_life.h"

namespace crossdock::orchestrator::engine {
namespace {

const base::Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");
const std::string kAllow = "  - {id: A, effect: allow, title: a, when: {}, require: {approvals: none}}\n";

policy::Policy Rules(const std::string& rules, const std::string& from = "2026-01-01") {
  const auto policy =
      policy::Parse("schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\nvalid: {from: " + from +
                        ", review_by: 2030-12-31}\nrules:\n" + rules,
                    "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *policy;
}

policy::Policy HoldFrom(int files) {
  return Rules(kAllow + "  - {id: H, effect: hold, reason: h, when: {transfer.files: {at_least: " +
               std::to_string(files) + "}}}\n");
}

TEST_CASE("going back only tightens when nothing gets through that was stopped") {
  CHECK(OnlyTightens(HoldFrom(10), HoldFrom(5), kNow));
  CHECK(!OnlyTightens(HoldFrom(5), HoldFrom(10), kNow));
  CHECK(OnlyTightens(HoldFrom(5), HoldFrom(5), kNow));
}

TEST_CASE("what lets somebody break the glass neither only tightens nor stops everything, unless nothing lifts it") {
  const std::string head =
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
      "valid: {from: 2026-01-01, review_by: 2030-12-31}\n"
      "break_glass: {from: [group:g], notify: [client:c/desk]}\nrules:\n";
  const auto with = [&](const std::string& rules) { return *policy::Parse(head + rules, "p.yaml"); };
  CHECK(!OnlyTightens(Rules(kAllow), with(kAllow), kNow));
  CHECK(!OnlyTightens(with(kAllow), with(kAllow), kNow));
  CHECK(OnlyTightens(with(kAllow), Rules(kAllow), kNow));
  CHECK(!LetsNothingThrough(with(kAllow + "  - {id: F, effect: forbid, reason: f, when: {}}\n")));
  CHECK(LetsNothingThrough(with(kAllow + "  - {id: F, effect: forbid, strength: absolute, reason: f, when: {}}\n")));
}

TEST_CASE("going back to what asks for fewer facts does not only tighten: what came without them was held") {
  CHECK(!OnlyTightens(HoldFrom(5), Rules(kAllow + "  - {id: F, effect: forbid, reason: f, when: {}}\n"), kNow));
}

TEST_CASE("a version that is not in force yet stops everything, so going back from it does not only tighten") {
  CHECK(!OnlyTightens(Rules(kAllow, "2027-01-01"), Rules(kAllow), kNow));
}

TEST_CASE("what holds or forbids whatever comes, without end, lets nothing through") {
  CHECK(LetsNothingThrough(Rules(kAllow + "  - {id: H, effect: hold, reason: h, when: {}}\n")));
  CHECK(LetsNothingThrough(Rules("  - {id: F, effect: forbid, reason: f, when: {}}\n")));
  CHECK(!LetsNothingThrough(HoldFrom(0)));
  CHECK(!LetsNothingThrough(
      Rules(kAllow + "  - {id: H, effect: hold, reason: h, when: {}, until: \"2026-12-01T00:00:00Z\"}\n")));
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
