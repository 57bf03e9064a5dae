#include "lib/policy/evaluate.h"

#include "catch2/catch.hpp"
#include "lib/policy/parse.h"

namespace crossdock::policy {
namespace {

constexpr std::string_view kHead =
    "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
    "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n";

Policy Rules(const std::string& rules) {
  auto policy = Parse(std::string(kHead) + rules, "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

Instant At(std::string_view text) { return *base::ParseInstant(text); }
const Instant kNow = At("2026-06-05T12:00:00Z");

Facts Known() {
  Facts facts;
  for (const FactSpec& spec : Vocabulary()) {
    switch (spec.type) {
      case FactType::kText:
        facts.values.emplace(spec.name, "x");
        break;
      case FactType::kCountry:
        facts.values.emplace(spec.name, "CA");
        break;
      case FactType::kClassification:
        facts.values.emplace(spec.name, "internal");
        break;
      case FactType::kTextList:
        facts.values.emplace(spec.name, FactValue(std::vector<std::string>{"x"}));
        break;
      case FactType::kCertifications:
        facts.values.emplace(spec.name, FactValue(std::vector<Certification>{{"x", std::nullopt}}));
        break;
      case FactType::kBytes:
      case FactType::kCount:
        facts.values.emplace(spec.name, FactValue(int64_t{5}));
        break;
    }
  }
  facts.values["asset.client"] = "c";
  return facts;
}

std::string MatchingClause(const FactSpec& spec) {
  switch (spec.type) {
    case FactType::kText:
      return spec.name == "asset.client" ? "{in: [c]}" : "{in: [x]}";
    case FactType::kCountry:
      return "{in: [CA]}";
    case FactType::kClassification:
      return "{at_most: internal}";
    case FactType::kTextList:
      return "{any_of: [x]}";
    case FactType::kCertifications:
      return "{has: x, valid_on: decision}";
    case FactType::kBytes:
      return "{at_most: 5B}";
    case FactType::kCount:
      return "{at_most: 5}";
  }
  return "";
}

const std::string kAllowAll = "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";

std::string FirstCode(const Decision& decision) { return decision.reasons.empty() ? "" : decision.reasons[0].code; }

TEST_CASE("T-20: a fact that is missing, stale or mistyped holds, whichever it is and wherever it stands") {
  for (const FactSpec& spec : Vocabulary()) {
    const std::string when = "{" + std::string(spec.name) + ": " + MatchingClause(spec) + "}";
    const std::string expected = "cannot-decide: " + std::string(spec.name);
    INFO(spec.name);
    for (const std::string effect : {"allow", "require", "forbid", "hold"}) {
      const bool stops = effect == "forbid" || effect == "hold";
      const Policy policy = Rules((effect == "allow" ? "" : kAllowAll) + "  - {id: R, effect: " + effect +
                                  ", when: " + when + (stops ? ", reason: r}\n" : ", require: {approvals: none}}\n"));
      Facts facts = Known();
      const Verdict with = Evaluate(policy, facts, {}, kNow).verdict;
      CHECK(with == (effect == "forbid" ? Verdict::kDeny : effect == "hold" ? Verdict::kHold : Verdict::kAllow));

      facts.values.erase(std::string(spec.name));
      Decision decision = Evaluate(policy, facts, {}, kNow);
      CHECK(decision.verdict == Verdict::kHold);
      CHECK(FirstCode(decision) == expected);

      facts = Known();
      facts.values.find(spec.name)->second.fresh_until = kNow;
      decision = Evaluate(policy, facts, {}, kNow);
      CHECK(decision.verdict == Verdict::kHold);
      CHECK(FirstCode(decision) == expected);

      facts = Known();
      facts.values.find(spec.name)->second = Fact(FactValue(int64_t{-1}));
      decision = Evaluate(policy, facts, {}, kNow);
      CHECK(decision.verdict == Verdict::kHold);
      CHECK(FirstCode(decision) == expected);
    }
  }
}

TEST_CASE("T-20: an unknown fact is not passed over because another condition fails already") {
  const Policy policy =
      Rules(kAllowAll +
            "  - {id: F, effect: forbid, reason: r, when: {source.site: {in: [other]}, asset.name: {in: [x]}}}\n");
  Facts facts = Known();
  CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kAllow);
  facts.values.erase("asset.name");
  CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kHold);
}

TEST_CASE("an allow that cannot be decided is undecided, not absent, whichever of its conditions comes first") {
  for (const std::string unknown : {"source.country: {in: [CA]}", "asset.name: {in: [x]}"}) {
    const Policy policy =
        Rules("  - {id: A, effect: allow, when: {source.site: {in: [x]}, destination.site: {in: [other]}, " + unknown +
              "}, require: {approvals: none}}\n");
    Facts facts = Known();
    CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kDeny);
    facts.values.erase(unknown.substr(0, unknown.find(':')));
    CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kHold);
  }
}

TEST_CASE("what no rule allows is denied, also when a rule holds it or asks for approvals") {
  const Policy hold = Rules("  - {id: H, effect: hold, reason: r, when: {}}\n");
  CHECK(FirstCode(Evaluate(hold, Known(), {}, kNow)) == "no-rule-allows");
  const Policy require = Rules("  - {id: R, effect: require, when: {}, require: {approvals: none}}\n");
  CHECK(Evaluate(require, Known(), {}, kNow).verdict == Verdict::kDeny);
}

TEST_CASE("the strictest of everything that matched wins, whatever the order") {
  const std::string hold = "  - {id: H, effect: hold, reason: r, when: {}}\n";
  const std::string forbid = "  - {id: F, effect: forbid, strength: absolute, reason: r, when: {}}\n";
  for (const std::string& rules : {kAllowAll + hold + forbid, forbid + hold + kAllowAll}) {
    const Decision decision = Evaluate(Rules(rules), Known(), {}, kNow);
    CHECK(decision.verdict == Verdict::kDeny);
    CHECK(decision.absolute);
    CHECK(decision.matched.size() == 3);
    REQUIRE(decision.reasons.size() == 2);
    CHECK(decision.reasons[0].rule == "F");
    CHECK(decision.reasons[1].rule == "H");
  }
  CHECK(Evaluate(Rules(kAllowAll + hold), Known(), {}, kNow).verdict == Verdict::kHold);
}

TEST_CASE("several allow rules are all due; a weaker one never wins") {
  const Policy policy = Rules(
      kAllowAll +
      "  - {id: B, effect: allow, when: {}, require: {verify: readback, encryption: {in_motion: aes-256}, approvals: "
      "{all_of: [{id: q, count: 1, from: [group:g]}], bind: [content]}}}\n"
      "  - {id: C, effect: require, when: {}, require: {approvals: {all_of: [{id: r, count: 2, from: [team:t]}]}}}\n");
  const Decision decision = Evaluate(policy, Known(), {}, kNow);
  CHECK(decision.verdict == Verdict::kNeedsApprovals);
  REQUIRE(decision.open.size() == 2);
  CHECK((decision.open[0].id == "q" && decision.open[1].id == "r" && decision.open[1].count == 2));
  CHECK(decision.bind_content);
  CHECK(decision.encrypt_in_motion);
  CHECK(decision.verify == VerifyLevel::kReadback);
}

TEST_CASE("a requirement with one id in two rules is due once, with the stricter terms of both") {
  const std::string requirement = "all_of: [{id: q, count: 1, from: [group:g]}]";
  const Policy policy = Rules("  - {id: A, effect: allow, when: {}, require: {approvals: {" + requirement +
                              ", valid_for: 72h, exclude: [], bind: [listing]}}}\n"
                              "  - {id: B, effect: allow, when: {}, require: {approvals: {" +
                              requirement + ", valid_for: 1h, exclude: [requester], bind: [content]}}}\n");
  const Decision decision = Evaluate(policy, Known(), {}, kNow);
  REQUIRE(decision.open.size() == 1);
  CHECK(decision.open[0].valid_for == std::chrono::hours(1));
  CHECK(decision.open[0].exclude == std::set<Exclude>{Exclude::kRequester});
  CHECK(decision.open[0].bind == std::set<Bind>{Bind::kListing, Bind::kContent});
}

TEST_CASE("when nobody knows who must not approve, nobody can approve") {
  const Policy policy = Rules(
      "  - {id: A, effect: allow, when: {}, require: {approvals: {all_of: [{id: q, count: 1, from: [group:g]}]}}}\n");
  const std::vector<Approval> approvals{{"q", "ana", "t", "o", {"g"}, Approval::Decision::kApprove, false, kNow}};
  Facts facts = Known();
  CHECK(Evaluate(policy, facts, approvals, kNow).verdict == Verdict::kAllow);
  for (const std::string who : {"requester", "asset.publisher"}) {
    facts = Known();
    facts.values.erase(who);
    const Decision decision = Evaluate(policy, facts, approvals, kNow);
    CHECK(decision.verdict == Verdict::kHold);
    CHECK(FirstCode(decision) == "cannot-decide: " + who);
  }
}

TEST_CASE("a policy speaks only for its client and from its first day") {
  const Policy policy = Rules(kAllowAll);
  Facts facts = Known();
  facts.values["asset.client"] = "other";
  CHECK(FirstCode(Evaluate(policy, facts, {}, kNow)) == "policy-of-another-client");
  CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kHold);
  const Decision early = Evaluate(policy, Known(), {}, At("2025-12-31T23:59:59Z"));
  CHECK(FirstCode(early) == "not-yet-valid");
  CHECK(early.until == At("2026-01-01T00:00:00Z"));
}

TEST_CASE("a rule ends on the second, in its own zone") {
  const Policy policy = Rules(
      kAllowAll +
      "  - {id: H, effect: hold, reason: r, when: {}, until: {at: '2026-07-01T00:00:00', zone: Europe/London}}\n");
  const Decision before = Evaluate(policy, Known(), {}, At("2026-06-30T22:59:59Z"));
  CHECK(before.verdict == Verdict::kHold);
  CHECK(before.until == At("2026-06-30T23:00:00Z"));
  CHECK(Evaluate(policy, Known(), {}, At("2026-06-30T23:00:00Z")).verdict == Verdict::kAllow);
}

TEST_CASE("an hour that the clocks skip or repeat has one reading, the stricter one") {
  const auto until = [](const std::string& effect, const std::string& at) {
    const std::string rest = effect == "allow" ? "require: {approvals: none}" : "reason: r";
    return *Rules("  - {id: H, effect: " + effect + ", when: {}, " + rest + ", until: {at: '" + at +
                  "', zone: Europe/London}}\n")
                .rules[0]
                .until->instant;
  };
  CHECK(until("hold", "2026-03-29T01:30:00") == At("2026-03-29T01:00:00Z"));   // does not exist: the next that does
  CHECK(until("hold", "2026-10-25T01:30:00") == At("2026-10-25T01:30:00Z"));   // twice: held until the second
  CHECK(until("allow", "2026-10-25T01:30:00") == At("2026-10-25T00:30:00Z"));  // allowed until the first
}

TEST_CASE("a zone that this machine does not know cannot be decided, not even after the end") {
  const Policy policy =
      Rules(kAllowAll +
            "  - {id: H, effect: hold, reason: r, when: {}, until: {at: '2026-01-02T00:00:00', zone: Mars/Olympus}}\n");
  CHECK(FirstCode(Evaluate(policy, Known(), {}, kNow)) == "cannot-decide: zone Mars/Olympus");
}

TEST_CASE("the decision says when time alone may change it") {
  const Policy policy = Rules(
      "  - {id: A, effect: allow, when: {destination.certifications: {has: tpn, valid_on: decision}}, "
      "require: {approvals: none}}\n");
  Facts facts = Known();
  facts.values["destination.certifications"] =
      Fact(FactValue(std::vector<Certification>{{"tpn", At("2026-07-01T00:00:00Z")}}));
  const Decision decision = Evaluate(policy, facts, {}, kNow);
  CHECK(decision.verdict == Verdict::kAllow);
  CHECK(decision.until == At("2026-07-01T00:00:00Z"));
  CHECK(Evaluate(policy, facts, {}, *decision.until).verdict == Verdict::kDeny);
}

TEST_CASE("classifications are compared by rank, not by spelling") {
  const auto verdict = [](const std::string& clause, const std::string& classification) {
    Facts facts = Known();
    facts.values["asset.classification"] = Fact(classification);
    return Evaluate(Rules("  - {id: A, effect: allow, when: {asset.classification: {" + clause +
                          "}}, require: {approvals: none}}\n"),
                    facts, {}, kNow)
        .verdict;
  };
  CHECK(verdict("at_most: internal", "public") == Verdict::kAllow);
  CHECK(verdict("at_most: internal", "confidential") == Verdict::kDeny);
  CHECK(verdict("at_least: restricted", "secret") == Verdict::kAllow);
  CHECK(verdict("at_least: restricted", "public") == Verdict::kDeny);
  CHECK(verdict("not_in: [secret]", "secret") == Verdict::kDeny);
  CHECK(verdict("at_most: secret", "Secret") == Verdict::kHold);
}

TEST_CASE("outside of its hours a transfer waits, and the decision says until when", "[window]") {
  const Policy policy = Rules(
      "  - {id: A, effect: allow, when: {}, require: {approvals: none, window: {clock: destination, "
      "days: [mon, tue, wed, thu, fri], hours: \"09:00-18:00\", at_close: pause}}}\n");
  Facts facts = Known();
  facts.values["destination.zone"] = "America/Vancouver";
  // Friday noon UTC is five in the morning there.
  const Decision early = Evaluate(policy, facts, {}, kNow);
  CHECK(early.verdict == Verdict::kHold);
  CHECK(early.reasons[0].code == "outside-window");
  CHECK(early.reasons[0].text == "Rule A lets it run again at 2026-06-05T16:00:00Z.");
  CHECK(early.until == At("2026-06-05T16:00:00Z"));
  const Decision open = Evaluate(policy, facts, {}, At("2026-06-05T16:00:00Z"));
  CHECK(open.verdict == Verdict::kAllow);
  CHECK(open.until == At("2026-06-06T01:00:00Z"));
  REQUIRE(open.windows.size() == 1);
  CHECK((open.windows[0].open && open.windows[0].rule == "A"));
  CHECK(Evaluate(policy, facts, {}, At("2026-06-06T01:00:00Z")).until == At("2026-06-08T16:00:00Z"));

  facts.values["destination.zone"] = "Mars/Olympus";
  CHECK(Evaluate(policy, facts, {}, kNow).reasons[0].code == "cannot-decide: zone Mars/Olympus");
  facts.values.erase("destination.zone");
  CHECK(Evaluate(policy, facts, {}, kNow).reasons[0].code == "cannot-decide: destination.zone");
}

TEST_CASE("a rule that is replaced asks nothing where its replacement matches", "[replaces]") {
  const Policy policy = Rules(
      "  - {id: A, effect: allow, when: {}, require: {approvals: {all_of: [{id: q, count: 2, from: [group:g]}]}}}\n"
      "  - {id: B, effect: allow, when: {asset.type: {in: [x]}}, require: {approvals: none}, replaces: A}\n"
      "  - {id: C, effect: require, when: {asset.type: {in: [x]}}, require: {approvals: none, verify: readback}}\n");
  Facts facts = Known();
  facts.values["requester"] = "r";
  CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kAllow);
  CHECK(Evaluate(policy, facts, {}, kNow).verify == VerifyLevel::kReadback);
  CHECK(Evaluate(policy, facts, {}, kNow).matched == std::vector<std::string>{"A", "B", "C"});
  facts.values["asset.type"] = "y";
  CHECK(Evaluate(policy, facts, {}, kNow).verdict == Verdict::kNeedsApprovals);
}

}  // namespace
}  // namespace crossdock::policy
