// Who is told while approvals are open, from the file to the decision.
#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "lib/policy/diff.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"

namespace crossdock::policy {
namespace {

using namespace std::chrono_literals;

const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");

std::string Text(const std::string& rules, const std::string& scope = "{client: c}") {
  return "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: " + scope +
         "\nvalid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n" + rules;
}

Policy File(const std::string& rules, const std::string& scope = "{client: c}") {
  auto policy = Parse(Text(rules, scope), "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}

std::string Asks(const std::string& id, const std::string& more, const std::string& requirement = "q",
                 const std::string& obligations = ", obligations: {notify: [client:c/desk]}") {
  return "  - {id: " + id +
         ", effect: allow, when: {source.site: {in: [lon]}}, require: {approvals: {all_of: [{id: " + requirement +
         ", count: 1, from: [group:g]}], exclude: [], valid_for: 24h" + more + "}}" + obligations + "}\n";
}

constexpr char kBoth[] = ", remind_after: 4h, escalate_after: 12h, escalate_to: [client:c/chief, studio/production]";

Facts Known() {
  Facts facts;
  facts.values = {{"asset.client", "c"}, {"asset.project", "s"}, {"source.site", "lon"}};
  return facts;
}

std::string Findings(const Policy& policy, const Registry* registry = nullptr) {
  std::string codes;
  for (const Finding& finding : Lint(policy, registry, kNow)) codes += finding.code + " ";
  return codes;
}

TEST_CASE("an open requirement says after how long who is told", "[reminders]") {
  const Decision decision = Evaluate(File(Asks("A", kBoth)), Known(), {}, kNow);
  CHECK(decision.verdict == Verdict::kNeedsApprovals);
  REQUIRE(decision.open.size() == 1);
  CHECK(decision.open[0].remind_after == 4h);
  CHECK(decision.open[0].escalate ==
        std::map<std::string, std::chrono::milliseconds>{{"client:c/chief", 12h}, {"studio/production", 12h}});
}

TEST_CASE("of several rules that ask for the same approval each recipient is told at the soonest", "[reminders]") {
  const Policy policy =
      File(Asks("A", kBoth) + Asks("B", ", remind_after: 1h, escalate_after: 2h, escalate_to: [client:c/chief]") +
           Asks("C", "", "other"));
  const Decision decision = Evaluate(policy, Known(), {}, kNow);
  REQUIRE(decision.open.size() == 2);
  const RequirementStatus& q = decision.open[0].id == "q" ? decision.open[0] : decision.open[1];
  const RequirementStatus& other = decision.open[0].id == "q" ? decision.open[1] : decision.open[0];
  CHECK(q.remind_after == 1h);
  CHECK(q.escalate ==
        std::map<std::string, std::chrono::milliseconds>{{"client:c/chief", 2h}, {"studio/production", 12h}});
  CHECK_FALSE(other.remind_after);
  CHECK(other.escalate.empty());
}

TEST_CASE("half an escalation, none, or one to somebody else's desk is refused", "[reminders][parse]") {
  for (const char* wrong :
       {", escalate_after: 12h", ", escalate_to: [studio/production]", ", escalate_after: 12h, escalate_to: []",
        ", escalate_after: 12h, escalate_to: [client:d/desk]", ", escalate_after: 12h, escalate_to: studio/production",
        ", remind_after: 0m", ", remind_after: 91d", ", remind_after: soon",
        ", escalate_after: 30s, escalate_to: [studio/production]"}) {
    INFO(wrong);
    CHECK_FALSE(Parse(Text(Asks("A", wrong)), "p.yaml").ok());
  }
  const std::string to_client = ", escalate_after: 12h, escalate_to: [client:c/chief]";
  CHECK_FALSE(Parse(Text(Asks("A", to_client, "q", ""), "{studio: true}"), "p.yaml").ok());
}

TEST_CASE("lint finds reminders that reach nobody, come too late or in the wrong order", "[reminders][lint]") {
  CHECK(Findings(File(Asks("A", kBoth))).empty());
  CHECK(Findings(File(Asks("A", ", remind_after: 4h", "q", ""))) == "reminds-nobody ");
  const std::string to = ", escalate_to: [studio/production]";
  CHECK(Findings(File(Asks("A", ", remind_after: 4h, escalate_after: 4h" + to))) == "escalates-early ");
  CHECK(Findings(File(Asks("A", ", remind_after: 24h"))) == "reminds-late ");
  CHECK(Findings(File(Asks("A", ", escalate_after: 24h" + to))) == "reminds-late ");
  CHECK(Findings(File(Asks("A", ", remind_after: 23h, escalate_after: 1439m" + to))).empty());
}

TEST_CASE("whom an escalation names must be somebody whom the orchestrator can tell", "[reminders][lint]") {
  const Policy policy = File(Asks("A", kBoth));
  Registry registry;
  registry.sites = {"lon"};
  registry.groups["g"] = {"paula"};
  CHECK(Findings(policy, &registry).empty());
  registry.recipients = {"client:c/desk", "client:c/chief"};
  CHECK(Findings(policy, &registry) == "unknown-recipient ");
  registry.recipients->insert("studio/production");
  CHECK(Findings(policy, &registry).empty());
}

TEST_CASE("reminders stand in the digest, the English and the difference of versions", "[reminders][diff]") {
  const std::string to = ", escalate_to: [client:c/chief]";
  const Policy plain = File(Asks("A", "")), reminded = File(Asks("A", ", remind_after: 4h"));
  const Policy later = File(Asks("A", ", remind_after: 5h"));
  const Policy escalated = File(Asks("A", ", escalate_after: 12h" + to));
  const Policy escalated_later = File(Asks("A", ", escalate_after: 13h" + to));
  const Policy elsewhere = File(Asks("A", ", escalate_after: 12h, escalate_to: [studio/production]"));
  std::set<std::string> digests;
  for (const Policy* policy : {&plain, &reminded, &later, &escalated, &escalated_later, &elsewhere})
    digests.insert(policy->digest);
  CHECK(digests.size() == 6);
  const std::string english = Render(File(Asks("A", kBoth)));
  CHECK(english.find("  - If an approval is still missing after 4h, whoever is told that the transfer waits is "
                     "reminded.\n") != std::string::npos);
  CHECK(english.find("  - If an approval is still missing after 12h, client:c/chief and studio/production are told. "
                     "Nothing is ever approved by that.\n") != std::string::npos);
  const auto change = [](const Policy& before, const Policy& after) {
    const auto difference = Diff(before, after, kNow);
    REQUIRE(difference.ok());
    REQUIRE(difference->regions.size() == 1);
    return difference->regions[0].change;
  };
  CHECK(change(reminded, plain) == Change::kWeaker);
  CHECK(change(plain, reminded) == Change::kStronger);
  CHECK(change(reminded, later) == Change::kWeaker);
  CHECK(change(escalated, plain) == Change::kWeaker);
  CHECK(change(escalated, escalated_later) == Change::kWeaker);
  CHECK(change(escalated_later, escalated) == Change::kStronger);
}

}  // namespace
}  // namespace crossdock::policy
