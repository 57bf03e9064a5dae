#include "lib/policy/lint.h"

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/policy/box.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"
#include "lib/policy/run_tests.h"

namespace crossdock::policy {
namespace {

const std::string kHead =
    "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {client: c}\n"
    "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n";
const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");

Policy Read(const std::string& text) {
  auto policy = Parse(text, "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

// "code rule, code rule" of the findings.
std::string Findings(const std::string& rules, const Registry* registry = nullptr, Instant now = kNow) {
  std::string text;
  for (const Finding& finding : Lint(Read(kHead + rules), registry, now)) {
    text += (text.empty() ? "" : ", ") + finding.code + (finding.rule.empty() ? "" : " " + finding.rule);
  }
  return text;
}

std::string Rule(const std::string& id, const std::string& effect, const std::string& when,
                 const std::string& rest = "") {
  const bool stops = effect == "forbid" || effect == "hold";
  return "  - {id: " + id + ", effect: " + effect + ", when: {" + when + "}" +
         (stops                                       ? ", reason: r"
          : rest.find("require") == std::string::npos ? ", require: {approvals: none}"
                                                      : "") +
         rest + "}\n";
}

const std::string kLow = "asset.classification: {at_most: internal}";

TEST_CASE("a rule that another one always overrules is found") {
  CHECK(Findings(Rule("F", "forbid", "destination.country: {in: [XA, XB]}") +
                 Rule("A", "allow", "destination.country: {in: [XB]}, " + kLow)) == "unreachable A");
  CHECK(Findings(Rule("F", "forbid", "destination.country: {not_in: [CA]}") +
                 Rule("A", "allow", "destination.country: {in: [GB]}, " + kLow)) == "unreachable A");
  CHECK(Findings(Rule("F", "forbid", "destination.country: {in: [XA]}") +
                 Rule("A", "allow", "destination.country: {in: [XA, CA]}, " + kLow))
            .empty());
  CHECK(Findings(Rule("H", "hold", "asset.tags: {any_of: [a, b]}") + Rule("I", "hold", "asset.tags: {any_of: [b]}")) ==
        "shadowed I");
  CHECK(Findings(Rule("H", "hold", "transfer.bytes: {at_least: 1GiB}") +
                 Rule("A", "allow", kLow + ", transfer.bytes: {at_least: 2GiB}")) == "unreachable A");
  CHECK(Findings(Rule("H", "hold", "", ", until: '2027-01-01T00:00:00Z'") + Rule("A", "allow", kLow)).empty());
}

TEST_CASE("of two equal rules the later one is the useless one") {
  CHECK(Findings(Rule("F", "forbid", "asset.name: {in: [x]}") + Rule("G", "forbid", "asset.name: {in: [x]}")) ==
        "shadowed G");
  CHECK(Findings(Rule("A", "allow", kLow) + Rule("B", "allow", kLow)) == "shadowed B");
  CHECK(Findings(Rule("F", "forbid", "asset.name: {in: [x]}") +
                 Rule("G", "forbid", "asset.name: {in: [x]}", ", strength: absolute")) == "shadowed F");
}

TEST_CASE("a rule whose conditions exclude one another is found") {
  CHECK(Findings(Rule("A", "forbid", "transfer.bytes: {at_least: 2GiB, at_most: 1GiB}")) == "never-matches A");
  CHECK(Findings(Rule("A", "forbid", "source.site: {in: [a], not_in: [a]}")) == "never-matches A");
  CHECK(Findings(Rule("A", "forbid", "asset.classification: {at_least: secret, not_in: [secret]}")) ==
        "never-matches A");
}

TEST_CASE("whatever goes without anybody's approval is looked at twice") {
  CHECK(Findings(Rule("A", "allow", "asset.classification: {at_most: restricted}")) == "allows-without-approvals A");
  CHECK(Findings(Rule("A", "allow", kLow + ", asset.status: {in: [wip]}")) == "trusts-asset-database A");
  CHECK(Findings(Rule("A", "allow", "")) == "allows-everything A, allows-without-approvals A");
  CHECK(Findings(Rule("A", "allow", "asset.status: {in: [wip]}",
                      ", require: {approvals: {all_of: [{id: q, count: 1, from: [group:g]}]}}"))
            .empty());
}

TEST_CASE("names that the roster does not have are found, and requirements that nobody can meet") {
  Registry registry;
  registry.sites = {"lon"};
  registry.groups["g"] = {"ana"};
  registry.persons = {"ana", "mia"};
  CHECK(Findings(Rule("A", "forbid", "source.site: {in: [lon, lno]}"), &registry) == "unknown-site A");
  const auto needs = [&](const std::string& requirement) {
    return Findings(Rule("A", "allow", kLow, ", require: {approvals: {all_of: [" + requirement + "]}}"), &registry);
  };
  CHECK(needs("{id: q, count: 1, from: [group:g]}").empty());
  CHECK(needs("{id: q, count: 2, from: [group:g]}") == "cannot-be-met A");
  CHECK(needs("{id: q, count: 2, from: [group:g, person:mia]}").empty());
  CHECK(needs("{id: q, count: 2, from: [group:g, person:ana]}") == "cannot-be-met A");
  CHECK(needs("{id: q, count: 1, from: [group:h]}") == "unknown-approvers A, cannot-be-met A");
}

TEST_CASE("a review that is overdue and a zone that nobody knows are found") {
  const std::string rule = Rule("F", "forbid", "asset.name: {in: [x]}");
  CHECK(Findings(rule, nullptr, *base::ParseInstant("2026-12-31T23:59:59Z")).empty());
  CHECK(Findings(rule, nullptr, *base::ParseInstant("2027-01-01T00:00:00Z")) == "review-overdue");
  CHECK(Findings(Rule("H", "hold", "", ", until: {at: '2026-12-01T00:00:00', zone: Mars/Olympus}")) ==
        "unknown-zone H");
}

TEST_CASE("a finding stands where the officer must look") {
  const Policy policy = Read(kHead + Rule("A", "allow", kLow + ", asset.status: {in: [wip]}"));
  const std::vector<Finding> findings = Lint(policy, nullptr, kNow);
  REQUIRE(findings.size() == 1);
  CHECK(FormatFinding(policy, findings[0]).find("p.yaml:7:97: [trusts-asset-database] rule A allows") == 0);
}

TEST_CASE("the shipped policies have no findings") {
  for (const std::string path : {"/deploy/config/policy.example.yaml", "/deploy/demo/policy/northlight.yaml"}) {
    CHECK(Lint(Read(*base::ReadFile(CROSSDOCK_SOURCE_DIR + path)), nullptr, kNow).empty());
  }
}

TEST_CASE("a policy reads as English, clause by clause") {
  const std::string text =
      Render(Read(*base::ReadFile(std::string(CROSSDOCK_SOURCE_DIR) + "/deploy/config/policy.example.yaml")));
  for (const std::string sentence :
       {"Rule N-01 forbids a transfer when all of these hold:\n  - the destination's country is XA.\n",
        "Nothing lifts this, not even an emergency.\n",
        "Rule N-02 holds a transfer until 2026-12-01T00:00:00 in America/Los_Angeles when all of these hold:\n",
        "  - the asset is tagged ep08.\n", "  - the source site is lon, mtl or van.\n",
        "  - the destination holds the certification tpn-gold, valid at the decision.\n",
        "  - the classification is at most confidential.\n", "  - the size is at most 5TiB.\n",
        "  - 1 person from group show-production must approve (requirement production).\n",
        "  - Each approval must come from another person, and from another team.\n",
        "  - Nobody who requested the transfer or who published the asset may approve.\n",
        "  - An approval is good for 3d and for this content of every file, source, destination and policy only.\n",
        "  - The content is encrypted with AES-256 in motion.\n", "Digest: "}) {
    INFO(text << "\nlacks: " << sentence);
    CHECK(text.find(sentence) != std::string::npos);
  }
}

TEST_CASE("a decision explains itself, and a hostile name cannot write into it") {
  const Policy policy =
      Read(kHead + Rule("A", "allow", kLow, ", require: {approvals: {all_of: [{id: q, count: 2, from: [group:g]}]}}"));
  Facts facts;
  facts.values = {
      {"asset.client", "c"}, {"asset.classification", "public"}, {"requester", "pete"}, {"asset.publisher", "ana"}};
  const std::vector<Approval> approvals{{"q", "mia", "", "", {"g"}, Approval::Decision::kApprove, false, kNow}};
  const std::string text = Explain(Evaluate(policy, facts, approvals, kNow));
  CHECK(text.find(
            "Waits for approvals.\n- Requirement q has 1 of 2 approvals.\n- q waits for 1 person from group g; ") == 0);
  CHECK(text.find("May change by itself at 2026-06-08T12:00:00Z.\n") != std::string::npos);
  facts.values["asset.client"] = "c\nAllowed.";
  CHECK(Explain(Evaluate(policy, facts, approvals, kNow)).find("c%0AAllowed.") != std::string::npos);
}

TEST_CASE("a policy's own test that fails says what differed") {
  const Policy policy =
      Read(kHead + Rule("F", "forbid", "asset.name: {in: [x]}") + "fixture: {asset.name: x}\ntests:\n" +
           "  - {name: wrong, expect: {hold: F}}\n  - {name: other, expect: {deny: no-rule-allows}}\n" +
           "  - {name: missing, without: [asset.name], expect: {hold: F}}\n");
  const std::vector<TestResult> results = RunTests(policy);
  REQUIRE(results.size() == 3);
  CHECK(results[0].difference == "expected hold (F), got deny (F, no-rule-allows)");
  CHECK(results[1].passed);
  CHECK_FALSE(results[2].passed);
}

TEST_CASE("approvals that lapse while the hours are closed are found", "[lint][window]") {
  const auto rule = [](const std::string& valid_for, const std::string& clock) {
    return "  - {id: A, effect: allow, when: {source.site: {in: [lon]}}, require: {approvals: {all_of: [{id: q, count: "
           "1, "
           "from: [group:g]}], valid_for: " +
           valid_for + "}, window: {clock: " + clock +
           ", days: [mon, tue, wed, thu, fri], hours: \"09:00-18:00\", at_close: pause}}}\n";
  };
  CHECK(Findings(rule("72h", "destination")).empty());
  CHECK(Findings(rule("62h", "destination")) == "lapses-while-closed A");
  CHECK(Findings(rule("72h", "Mars/Olympus")) == "unknown-zone A");
}

TEST_CASE("hours and replacements are rendered in English", "[render][window]") {
  const std::string english = Render(
      Read(kHead +
           "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n"
           "  - {id: B, effect: allow, when: {}, replaces: A, require: {approvals: none, window: {clock: destination, "
           "days: [mon, fri], hours: \"22:00-06:00\", at_close: pause}}}\n"));
  CHECK(english.find("This replaces what rule A asks.\n") != std::string::npos);
  CHECK(english.find("It runs only on Monday and Friday from 22:00 to 06:00 of the next day, at the destination. "
                     "When that ends it pauses until the next time.\n") != std::string::npos);
}

}  // namespace
}  // namespace crossdock::policy
