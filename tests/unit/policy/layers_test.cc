// Layers: the studio's, the client's and the show's policies over one transfer.
#include "catch2/catch.hpp"
#include "lib/policy/diff.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"

namespace crossdock::policy {
namespace {

const Instant kNow = *base::ParseInstant("2026-06-05T12:00:00Z");
const std::string kNone = "  - {id: A, effect: allow, when: {}, require: {approvals: none}}\n";

std::string Text(const std::string& applies_to, const std::string& rules) {
  return "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: " + applies_to +
         "\nvalid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n" + rules;
}

Policy File(const std::string& applies_to, const std::string& rules) {
  auto policy = Parse(Text(applies_to, rules), "p.yaml");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}
Policy Studio(const std::string& rules) { return File("{studio: true}", rules); }
Policy Client(const std::string& rules) { return File("{client: c}", rules); }
Policy Show(const std::string& rules) { return File("{client: c, show: s}", rules); }

std::string Asks(const std::string& id, const std::string& group, const std::string& more = "") {
  return "  - {id: A, effect: allow, when: {}, require: {approvals: {all_of: [{id: " + id +
         ", count: 1, from: [group:" + group + "]}], exclude: []}" + more + "}}\n";
}

Facts Known() {
  Facts facts;
  facts.values = {{"asset.client", "c"}, {"asset.project", "s"}, {"destination.country", "CA"}};
  return facts;
}

Decision Decide(const std::vector<Policy>& policies, const std::vector<Approval>& approvals = {},
                const Facts& facts = Known()) {
  std::vector<const Policy*> layers;
  for (const Policy& policy : policies) layers.push_back(&policy);
  return EvaluateLayers(layers, facts, approvals, kNow);
}

Approval By(const std::string& person, const std::string& requirement, const std::string& group) {
  return {requirement, person, "t", "o", {group}, Approval::Decision::kApprove, false, kNow};
}

std::string CodeOf(const Decision& decision) { return decision.reasons.empty() ? "" : decision.reasons[0].code; }

TEST_CASE("each layer is decided alone, and the strictest verdict counts", "[layers]") {
  const std::string forbids =
      kNone + "  - {id: F, effect: forbid, reason: r, when: {destination.country: {in: [CA]}}}\n";
  CHECK(Decide({Client(kNone)}).verdict == Verdict::kAllow);
  CHECK(Decide({Studio(kNone), Client(kNone), Show(kNone)}).verdict == Verdict::kAllow);
  const Decision denied = Decide({Studio(forbids), Client(kNone)});
  CHECK(denied.verdict == Verdict::kDeny);
  CHECK(denied.reasons.at(0).rule == "studio/F");
  CHECK(Decide({Client(kNone), Show(forbids)}).reasons.at(0).rule == "show/F");
  CHECK(Decide({Client(forbids), Show(kNone)}).reasons.at(0).rule == "F");
}

TEST_CASE("a layer that allows nothing denies, whatever the others allow", "[layers]") {
  const std::string nothing = "  - {id: F, effect: forbid, reason: r, when: {destination.country: {in: [XA]}}}\n";
  const Decision decision = Decide({Studio(nothing), Client(kNone)});
  CHECK(CodeOf(decision) == "no-rule-allows");
  CHECK(decision.reasons.at(0).text == "No rule of the studio allows this transfer.");
}

TEST_CASE("without the client's layer everything is denied; the others abstain when they are absent", "[layers]") {
  CHECK(CodeOf(Decide({Studio(kNone), Show(kNone)})) == "no-policy");
  CHECK(CodeOf(Decide({})) == "no-policy");
  CHECK(Decide({Client(kNone)}).verdict == Verdict::kAllow);
}

TEST_CASE("requirements of all layers are due together, and their ids do not collide", "[layers]") {
  const std::vector<Policy> layers = {Studio(Asks("security", "a")), Client(Asks("security", "b")),
                                      Show(Asks("security", "a"))};
  const Decision decision = Decide(layers);
  REQUIRE(decision.open.size() == 3);
  CHECK(decision.open[0].id == "security");
  CHECK(decision.open[1].id == "show/security");
  CHECK(decision.open[2].id == "studio/security");
  // What was signed for the client's requirement fills no other.
  const Decision half = Decide(layers, {By("ann", "security", "a"), By("bob", "security", "b")});
  CHECK(half.open.size() == 2);
  CHECK(Decide(layers, {By("bob", "security", "b"), By("ann", "studio/security", "a"), By("cem", "show/security", "a")})
            .verdict == Verdict::kAllow);
}

TEST_CASE("a person fills one requirement of all layers", "[layers]") {
  const std::vector<Policy> layers = {Studio(Asks("q", "a")), Client(Asks("q", "a"))};
  CHECK(Decide(layers, {By("ann", "studio/q", "a"), By("ann", "q", "a")}).verdict == Verdict::kNeedsApprovals);
  CHECK(Decide(layers, {By("ann", "studio/q", "a"), By("bob", "q", "a")}).verdict == Verdict::kAllow);
}

TEST_CASE("the strictest verification of all layers counts", "[layers]") {
  const std::string readback = Asks("q", "a", ", verify: readback"), transit = Asks("q", "a", ", verify: transit");
  CHECK(Decide({Studio(transit), Client(readback)}).verify == VerifyLevel::kReadback);
  CHECK(Decide({Studio(readback), Client(transit)}).verify == VerifyLevel::kReadback);
  CHECK(Decide({Studio(transit), Client(transit)}).verify == VerifyLevel::kTransit);
}

TEST_CASE("a layer of another client or show holds, and one whose show is not known cannot be decided", "[layers]") {
  CHECK(CodeOf(Decide({Client(kNone), File("{client: c, show: other}", kNone)})) == "policy-of-another-show");
  CHECK(CodeOf(Decide({File("{client: other}", kNone)})) == "policy-of-another-client");
  Facts facts = Known();
  facts.values.erase("asset.project");
  CHECK(CodeOf(Decide({Client(kNone), Show(kNone)}, {}, facts)) == "cannot-decide: asset.project");
  CHECK(Decide({Studio(kNone), Client(kNone)}, {}, facts).verdict == Verdict::kAllow);
}

TEST_CASE("two policies of one level deny", "[layers]") {
  CHECK(CodeOf(Decide({Client(kNone), Client(kNone)})) == "layer-twice");
}

TEST_CASE("the digest over layers is the client's when it is alone, and changes with any layer", "[layers]") {
  const Policy client = Client(kNone), studio = Studio(kNone), show = Show(kNone);
  CHECK(Decide({client}).policy_digest == client.digest);
  CHECK(Decide({studio, client}).policy_digest != client.digest);
  CHECK(Decide({studio, client}).policy_digest == Decide({client, studio}).policy_digest);
  CHECK(Decide({studio, client}).policy_digest != Decide({studio, client, show}).policy_digest);
  CHECK(Decide({Studio(Asks("q", "a")), client}).policy_digest != Decide({studio, client}).policy_digest);
  // The same rules in another layer are another policy.
  CHECK(studio.digest != client.digest);
  CHECK(show.digest != client.digest);
}

TEST_CASE("a file says whose it is, in one of three ways", "[layers]") {
  CHECK(ScopeKey(Studio(kNone).scope()) == "studio:all");
  CHECK(ScopeKey(Client(kNone).scope()) == "c");
  CHECK(ScopeKey(Show(kNone).scope()) == "show:c/s");
  CHECK(ClientOfScope("studio:all").empty());
  CHECK(ClientOfScope("c") == "c");
  CHECK(ClientOfScope("show:c/s") == "c");
  for (const char* wrong : {"{studio: false}", "{studio: true, client: c}", "{show: s}", "{}", "{client: c, x: y}"}) {
    INFO(wrong);
    CHECK_FALSE(Parse(Text(wrong, kNone), "p.yaml").ok());
  }
  CHECK(Render(Show(kNone)).find("of show s of client c") != std::string::npos);
}

TEST_CASE("the studio's layer may allow everything without a finding, because the client's has the last word",
          "[layers]") {
  CHECK(Lint(Studio(kNone), nullptr, kNow).empty());
  CHECK(Lint(Show(kNone), nullptr, kNow).empty());
  CHECK_FALSE(Lint(Client(kNone), nullptr, kNow).empty());
}

TEST_CASE("versions of one layer are compared, those of two are not", "[layers][diff]") {
  const std::string forbids = kNone + "  - {id: F, effect: forbid, reason: r, when: {asset.client: {in: [d]}}}\n";
  const auto difference = Diff(Studio(kNone), Studio(forbids), kNow);
  REQUIRE(difference.ok());
  REQUIRE(difference->regions.size() == 1);
  CHECK(difference->regions[0].change == Change::kStronger);
  CHECK(FormatFactValue(difference->regions[0].witness.Find("asset.client")->value) == "d");
  CHECK_FALSE(Diff(Studio(kNone), Client(kNone), kNow).ok());
  CHECK_FALSE(Diff(Show(kNone), Client(kNone), kNow).ok());
}

}  // namespace
}  // namespace crossdock::policy
