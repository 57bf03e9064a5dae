#include "lib/policy/break_glass.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/policy/canonical.h"
#include "lib/policy/diff.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"

namespace crossdock::policy {
namespace {

const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");
const std::string kGlass = "break_glass: {from: [group:emergency], notify: [client:c/desk]}\n";
const std::string kAllow = "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";
const std::string kForbid = "  - {id: F, effect: forbid, reason: embargo, when: {asset.tags: {any_of: [ep08]}}}\n";

std::string Text(const std::string& applies_to, const std::string& glass, const std::string& rules) {
  return base::StrCat("schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: ", applies_to,
                      "\nvalid: {from: 2026-01-01, review_by: 2026-12-31}\n", glass, "rules:\n", rules);
}

Policy Read(const std::string& text) {
  auto policy = Parse(text, "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}
Policy Client(const std::string& rules, const std::string& glass = kGlass) {
  return Read(Text("{client: c}", glass, rules));
}

Facts Embargoed() {
  Facts facts;
  facts.values["asset.client"] = "c";
  facts.values["asset.tags"] = FactValue(std::vector<std::string>{"ep08"});
  return facts;
}

Approval Person(const std::string& name, const std::string& group) {
  Approval person;
  person.person = name;
  person.groups = {group};
  return person;
}
const Approval kAna = Person("ana", "emergency"), kRaj = Person("raj", "emergency"), kPete = Person("pete", "other");

absl::StatusOr<Decision> Lifted(const std::vector<Policy>& policies, const Facts& facts, const Approval& first = kAna,
                                const Approval& second = kRaj, const std::vector<Approval>& approvals = {}) {
  std::vector<const Policy*> layers;
  for (const Policy& policy : policies) layers.push_back(&policy);
  return Lift(EvaluateLayers(layers, facts, approvals, kNow), layers, first, second);
}
std::string Refusal(const std::vector<Policy>& policies, const Facts& facts, const Approval& first = kAna,
                    const Approval& second = kRaj) {
  return base::ReasonOf(Lifted(policies, facts, first, second).status());
}

TEST_CASE("two of whom the policy names lift what is forbidden, held, closed or waits for approvals, all at once") {
  const std::string rules = base::StrCat(
      kForbid, "  - {id: H, effect: hold, reason: r, when: {}}\n",
      "  - {id: W, effect: allow, when: {}, require: {approvals: {all_of: [{id: q, count: 1, from: [group:g]}], ",
      "exclude: [], bind: [content]}, window: {clock: UTC, days: [sun], at_close: pause}, verify: readback}, ",
      "obligations: {mhl: required}}\n");
  const auto lifted = Lifted({Client(rules)}, Embargoed());
  INFO(lifted.status());
  REQUIRE(lifted.ok());
  CHECK(lifted->verdict == Verdict::kAllow);
  CHECK(lifted->reasons.empty());
  CHECK(lifted->open.empty());
  CHECK_FALSE(lifted->bind_content);
  std::vector<std::string> codes;
  for (const Reason& reason : lifted->lifted) codes.push_back(reason.code);
  CHECK(codes == std::vector<std::string>{"forbidden", "held", "outside-window", "needs-approval: q"});
  CHECK(lifted->obligations.notify == std::set<std::string>{"client:c/desk"});
  // What rules want of the transfer itself stays.
  CHECK(lifted->verify == VerifyLevel::kReadback);
  CHECK(lifted->obligations.mhl);
  CHECK_THAT(Explain(*lifted), Catch::Matchers::Contains("Lifted by break-glass: Rule F forbids it: embargo."));
}

TEST_CASE("T-27: what is forbidden absolutely is not lifted, alone or beside what is") {
  const std::string absolute =
      "  - {id: X, effect: forbid, strength: absolute, reason: r, when: {asset.tags: {any_of: [ep08]}}}\n";
  CHECK(Refusal({Client(kAllow + absolute)}, Embargoed()) == kBreakGlassAbsolute);
  CHECK(Refusal({Client(kAllow + kForbid + absolute)}, Embargoed()) == kBreakGlassAbsolute);
}

TEST_CASE("an unknown fact is not lifted, because an absolute forbid may stand behind it") {
  const std::string absolute =
      "  - {id: X, effect: forbid, strength: absolute, reason: r, when: {destination.country: {in: [XA]}}}\n";
  CHECK(Refusal({Client(kAllow + kForbid + absolute)}, Embargoed()) == kBreakGlassCannotLift);
}

TEST_CASE("what no rule allows is not lifted, nor is a person's no, nor another client's policy") {
  CHECK(Refusal({Client(kForbid)}, Embargoed()) == kBreakGlassCannotLift);
  const std::string asks =
      "  - {id: A, effect: allow, when: {}, require: {approvals: {all_of: [{id: q, count: 1, from: [group:g]}], "
      "exclude: []}}}\n";
  Approval no = Person("gil", "g");
  no.requirement = "q";
  no.decision = Approval::Decision::kDeny;
  no.given = kNow;
  CHECK(base::ReasonOf(Lifted({Client(asks)}, Embargoed(), kAna, kRaj, {no}).status()) == kBreakGlassCannotLift);
  Facts other = Embargoed();
  other.values["asset.client"] = "d";
  CHECK(Refusal({Client(kAllow)}, other) == kBreakGlassCannotLift);
}

TEST_CASE("without break_glass in the policy nobody lifts anything, and without need nobody either") {
  CHECK(Refusal({Client(kAllow + kForbid, "")}, Embargoed()) == kBreakGlassNotPermitted);
  CHECK(Refusal({Client(kAllow)}, Embargoed()) == kBreakGlassNotNeeded);
}

TEST_CASE("each of the two must be among those whom the policy names") {
  CHECK(Refusal({Client(kAllow + kForbid)}, Embargoed(), kAna, kPete) == kBreakGlassNotEligible);
  CHECK(Refusal({Client(kAllow + kForbid)}, Embargoed(), kPete, kRaj) == kBreakGlassNotEligible);
  Approval service = kRaj;
  service.is_service = true;
  CHECK(Refusal({Client(kAllow + kForbid)}, Embargoed(), kAna, service) == kBreakGlassNotEligible);
}

TEST_CASE("a layer is lifted only by those whom it names itself, and one that allows by itself is not asked") {
  const auto studio = [](const std::string& glass, const std::string& rules) {
    return Read(Text("{studio: true}", glass, rules));
  };
  const std::string own = "break_glass: {from: [person:ana, person:raj], notify: [studio/ops]}\n";
  // The studio's word, and the studio lets nobody.
  CHECK(Refusal({studio("", kAllow + kForbid), Client(kAllow)}, Embargoed()) == kBreakGlassNotPermitted);
  // It lets these two, and only its word is lifted: the client's section is not needed for that.
  const auto lifted = Lifted({studio(own, kAllow + kForbid), Client(kAllow, "")}, Embargoed());
  REQUIRE(lifted.ok());
  CHECK(lifted->obligations.notify == std::set<std::string>{"studio/ops"});
  // Both words: both layers name the two, and both have somebody told.
  const auto both = Lifted({studio(own, kAllow + kForbid), Client(kAllow + kForbid)}, Embargoed());
  REQUIRE(both.ok());
  CHECK(both->obligations.notify == std::set<std::string>{"client:c/desk", "studio/ops"});
  CHECK(Refusal({studio(own, kAllow + kForbid), Client(kAllow + kForbid, "")}, Embargoed()) == kBreakGlassNotPermitted);
  const std::string others = "break_glass: {from: [person:eve, person:mallory], notify: [studio/ops]}\n";
  CHECK(Refusal({studio(others, kAllow + kForbid), Client(kAllow + kForbid)}, Embargoed()) == kBreakGlassNotEligible);
}

TEST_CASE("break_glass names who may and who is told, or is refused") {
  const auto refused = [](const std::string& glass) {
    const auto policy = Parse(Text("{client: c}", glass, kAllow), "p.yaml");
    return policy.ok() ? std::string() : std::string(policy.status().message());
  };
  using Catch::Matchers::Contains;
  CHECK_THAT(refused("break_glass: {from: [group:g]}\n"), Contains("notify"));
  CHECK_THAT(refused("break_glass: {notify: [client:c/desk]}\n"), Contains("from"));
  CHECK_THAT(refused("break_glass: {from: [], notify: [client:c/desk]}\n"), Contains("nobody may"));
  CHECK_THAT(refused("break_glass: {from: [everybody], notify: [client:c/desk]}\n"), Contains("names no approvers"));
  CHECK_THAT(refused("break_glass: {from: [group:g], notify: [client:d/desk]}\n"), Contains("no recipient"));
  CHECK_THAT(refused("break_glass: {from: [group:g], notify: [client:c/desk], for: 8h}\n"), Contains("for"));
}

TEST_CASE("who may break the glass is part of what is signed, and is said in English") {
  const Policy with = Client(kAllow), without = Client(kAllow, "");
  CHECK(with.digest != without.digest);
  CHECK(Client(kAllow, "break_glass: {from: [group:other], notify: [client:c/desk]}\n").digest != with.digest);
  CHECK(Client(kAllow, "break_glass: {from: [group:emergency], notify: [client:c/boss]}\n").digest != with.digest);
  CHECK_THAT(Render(with), Catch::Matchers::Contains("In an emergency two persons from group emergency") &&
                               Catch::Matchers::Contains("client:c/desk is told at once"));
  CHECK_THAT(Render(without), !Catch::Matchers::Contains("emergency two persons"));
}

TEST_CASE("lint names those whom the roster does not have, too few of them, and whom nobody can tell") {
  Registry registry;
  registry.groups["emergency"] = {"ana"};
  registry.recipients = std::set<std::string>{};
  const std::string allow =
      "  - {id: A, effect: allow, when: {asset.classification: {at_most: internal}}, require: {approvals: none}}\n";
  const auto codes = [&](const Policy& policy) {
    std::set<std::string> found;
    for (const Finding& finding : Lint(policy, &registry, kNow)) found.insert(finding.code);
    return found;
  };
  CHECK(codes(Client(allow)) == std::set<std::string>{"cannot-be-met", "unknown-recipient"});
  registry.recipients->insert("client:c/desk");
  registry.groups["emergency"].insert("raj");
  CHECK(codes(Client(allow)).empty());
  registry.groups.clear();
  CHECK(codes(Client(allow)) == std::set<std::string>{"cannot-be-met", "unknown-approvers"});
}

TEST_CASE("another break_glass is a difference: more who may is weaker, more who are told is stronger") {
  const auto change = [](const std::string& before, const std::string& after) {
    const auto difference = Diff(Client(kAllow, before), Client(kAllow, after), kNow);
    REQUIRE(difference.ok());
    return difference->regions.empty() ? std::string() : std::string(ChangeName(difference->regions[0].change));
  };
  const std::string wider = "break_glass: {from: [group:emergency, group:night], notify: [client:c/desk]}\n";
  const std::string louder = "break_glass: {from: [group:emergency], notify: [client:c/desk, studio/ops]}\n";
  CHECK(change(kGlass, kGlass).empty());
  CHECK(change("", kGlass) == "weaker");
  CHECK(change(kGlass, "") == "stronger");
  CHECK(change(kGlass, wider) == "weaker");
  CHECK(change(wider, kGlass) == "stronger");
  CHECK(change(kGlass, louder) == "stronger");
  CHECK(change(louder, kGlass) == "weaker");
  CHECK(change(wider, louder) == "stronger");
  CHECK(change(louder, wider) == "weaker");
  CHECK(change(kGlass, "break_glass: {from: [group:night], notify: [client:c/desk]}\n") == "different");
}

}  // namespace
}  // namespace crossdock::policy
