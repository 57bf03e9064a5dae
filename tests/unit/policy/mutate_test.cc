#include "lib/policy/mutate.h"

#include "catch2/catch.hpp"
#include "lib/policy/parse.h"

namespace crossdock::policy {
namespace {

Policy P(const std::string& tests) {
  auto policy = Parse(
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n"
      "  - {id: F, effect: forbid, reason: r, when: {destination.country: {in: [XA]}}}\n"
      "  - {id: A, effect: allow, when: {transfer.files: {at_most: 10}}, require: {approvals: "
      "{all_of: [{id: q, count: 2, from: [group:g]}], exclude: [requester], valid_for: 2h}}}\n"
      "fixture: {destination.country: CA, transfer.files: \"3\", requester: rex, now: \"2026-06-05T12:00:00Z\"}\n"
      "tests:\n" +
          tests,
      "p.yaml");
  INFO(policy.status());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

std::vector<std::string> Alive(const Policy& policy) {
  std::vector<std::string> alive;
  for (const Mutant& mutant : MeasureTests(policy).mutants) {
    if (mutant.killed_by.empty()) alive.push_back(mutant.rule + " " + mutant.change);
  }
  return alive;
}

const std::string kForbidden = "  - {name: forbidden, facts: {destination.country: XA}, expect: {deny: F}}\n";
const std::string kTooMany = "  - {name: many, facts: {transfer.files: \"11\"}, expect: {deny: no-rule-allows}}\n";
const std::string kOpen = "  - {name: open, approvals: [{by: ann, groups: [g]}], expect: {needs_approvals: [q]}}\n";
const std::string kOwn =
    "  - {name: own, approvals: [{by: ann, groups: [g]}, {by: rex, groups: [g]}], expect: {needs_approvals: [q]}}\n";
const std::string kOld =
    "  - {name: old, approvals: [{by: ann, groups: [g]}, {by: bo, groups: [g], given: \"2026-06-05T09:00:00Z\"}], "
    "expect: {needs_approvals: [q]}}\n";
const std::string kGoes =
    "  - {name: goes, approvals: [{by: ann, groups: [g]}, {by: bo, groups: [g]}], expect: allow}\n";

TEST_CASE("tests that look at every side of every rule find every change", "[mutate]") {
  const TestStrength strength = MeasureTests(P(kForbidden + kTooMany + kOpen + kOwn + kOld + kGoes));
  CHECK(strength.unreached.empty());
  CHECK(strength.mutants.size() == 10);
  for (const Mutant& mutant : strength.mutants) {
    INFO(mutant.rule << " " << mutant.change);
    CHECK_FALSE(mutant.killed_by.empty());
  }
  CHECK(strength.killed == strength.mutants.size());
}

TEST_CASE("what a missing test would have found is named", "[mutate]") {
  CHECK(Alive(P(kForbidden + kTooMany + kOpen + kOwn + kGoes)) ==
        std::vector<std::string>{"A with approvals that never expire"});
  CHECK(Alive(P(kForbidden + kTooMany + kOpen + kOld + kGoes)) ==
        std::vector<std::string>{"A without excluding requester"});
  CHECK(Alive(P(kForbidden + kOpen + kOwn + kOld + kGoes)) ==
        std::vector<std::string>{"A without transfer.files at_most 10"});
}

TEST_CASE("a test that expects a level of verification finds a lower one", "[mutate]") {
  Policy policy = P("  - {name: read, verify: readback, expect: {needs_approvals: [q]}}\n");
  policy.rules[1].require->verify = VerifyLevel::kReadback;
  const auto mutants = MeasureTests(policy).mutants;
  const auto found = std::find_if(mutants.begin(), mutants.end(),
                                  [](const Mutant& m) { return m.change == "verified no further than landed"; });
  REQUIRE(found != mutants.end());
  CHECK(found->killed_by == "read");
}

TEST_CASE("a rule that no test reaches is named", "[mutate]") {
  const Policy policy = P(kTooMany + kGoes);
  const TestStrength strength = MeasureTests(policy);
  REQUIRE(strength.unreached.size() == 1);
  CHECK(strength.unreached[0]->id == "F");
  CHECK(strength.mutants[0].change == "without the rule");
  CHECK(strength.mutants[0].killed_by.empty());
}

}  // namespace
}  // namespace crossdock::policy
