// Files of several layers at once: their tests, what lint finds between them, how they read together.
#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "lib/policy/evaluate.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"
#include "lib/policy/run_tests.h"
#include "tests/unit/policy/world.h"

namespace crossdock::policy {
namespace {

Policy File(const std::string& name, const std::string& applies_to, const std::string& rules) {
  auto policy = Parse("schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: " + applies_to +
                          "\nvalid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n" + rules,
                      name);
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  return *std::move(policy);
}
Policy Studio(const std::string& rules) { return File("studio.yaml", "{studio: true}", rules); }
Policy Client(const std::string& rules) { return File("client.yaml", "{client: c}", rules); }
Policy Show(const std::string& rules) { return File("show.yaml", "{client: c, show: s}", rules); }

const std::string kAll = "  - {id: Z, effect: allow, when: {}, require: {approvals: none}}\n";
const std::string kNoBig = "  - {id: BIG, effect: forbid, reason: r, when: {transfer.bytes: {at_least: 50TiB}}}\n";
std::string Asks(const std::string& id, const std::string& group) {
  return "  - {id: Q, effect: allow, when: {}, require: {approvals: {all_of: [{id: " + id +
         ", count: 1, from: [group:" + group + "]}], exclude: []}}}\n";
}

std::string Failed(const Policy& policy, const std::vector<const Policy*>& above) {
  std::string all;
  for (const TestResult& result : RunTests(policy, above)) {
    if (!result.passed) all += result.name + ": " + result.difference + "\n";
  }
  return all;
}

TEST_CASE("a show's test is decided with the layers above, whose facts it has to know", "[together]") {
  const Policy studio = Studio(kAll + kNoBig), client = Client(kAll);
  const std::string test = "tests:\n  - {name: n, expect: allow}\n";
  const Policy show = Show(kAll + test);
  CHECK(RunTests(show).at(0).passed);
  CHECK(Failed(show, {&studio, &client}) == "n: expected allow, got hold (cannot-decide: transfer.bytes)\n");
  CHECK(Failed(Show(kAll + "fixture: {transfer.bytes: 1GiB}\n" + test), {&studio, &client}).empty());
  CHECK(Failed(Show(kAll + "fixture: {transfer.bytes: 50TiB}\n" + test), {&studio, &client}) ==
        "n: expected allow, got deny (studio/BIG)\n");
}

TEST_CASE("what a test expects of its own file is found under the layer's prefix", "[together]") {
  const Policy client = Client(kAll);
  const Policy show = Show(Asks("security", "sec") +
                           "  - {id: H, effect: hold, reason: r, when: {asset.tags: {has: x}}}\n"
                           "fixture: {asset.tags: []}\n"
                           "tests:\n"
                           "  - {name: asks, expect: {needs_approvals: [security]}}\n"
                           "  - {name: holds, facts: {asset.tags: [x]}, expect: {hold: H}}\n"
                           "  - {name: denied, approvals: [{by: a, groups: [sec], decision: deny}], expect: {deny: "
                           "\"denied-by-approver: security\"}}\n"
                           "  - {name: signed, approvals: [{by: a, groups: [sec]}], expect: allow}\n");
  CHECK(Failed(show, {&client}).empty());
}

TEST_CASE("what comes out together is said by itself, with the ids of decisions", "[together]") {
  const Policy client = Client(Asks("production", "prod"));
  const std::string head = Asks("security", "sec") + "tests:\n";
  const std::string both = "  - {name: n, expect: {needs_approvals: [security]}, together: {needs_approvals: [";
  CHECK(Failed(Show(head + both + "production, show/security]}}\n"), {&client}).empty());
  CHECK(Failed(Show(head + both + "show/security]}}\n"), {&client}) ==
        "n: expected needs_approvals (show/security), got needs_approvals (production, show/security)\n");
  CHECK(RunTests(Show(head + both + "show/security]}}\n")).at(0).passed);  // of the file alone
}

TEST_CASE("an approval that names no requirement is given for those of all layers, and fills one", "[together]") {
  const Policy client = Client(Asks("production", "prod"));
  const std::string head = Asks("security", "sec") + "tests:\n";
  CHECK(Failed(Show(head + "  - {name: n, approvals: [{by: a, groups: [prod]}, {by: b, groups: [sec]}], expect: "
                           "allow}\n"),
               {&client})
            .empty());
  const Policy one = Show(head + "  - {name: n, approvals: [{by: a, groups: [prod, sec]}], expect: allow}\n");
  CHECK(RunTests(one).at(0).passed);
  CHECK(Failed(one, {&client}).find("got needs_approvals (") != std::string::npos);
}

TEST_CASE("the studio has nothing above it to be tested together with", "[together]") {
  const auto policy = Parse(
      "schema: crossdock/policy/v1\nid: p\ntitle: t\napplies_to: {studio: true}\n"
      "valid: {from: 2026-01-01, review_by: 2026-12-31}\nrules:\n" +
          kAll + "tests:\n  - {name: n, expect: allow, together: allow}\n",
      "p.yaml");
  CHECK(policy.status().message().find("p.yaml:9:") == 0);
}

std::vector<std::string> Found(const std::vector<const Policy*>& layers) {
  std::vector<std::string> lines;
  for (const LayerFinding& found : LintTogether(layers)) lines.push_back(FormatFinding(*found.policy, found.finding));
  return lines;
}

TEST_CASE("lint says which rule of a layer above makes one useless, and where both stand", "[together][lint]") {
  const Policy studio = Studio(kAll + kNoBig);
  const Policy client = Client(
      "  - {id: HUGE, effect: allow, when: {transfer.bytes: {at_least: 60TiB}}, require: "
      "{approvals: none}}\n" +
      kNoBig);
  const std::vector<std::string> lines = Found({&studio, &client});
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] ==
        "client.yaml:7:5: [unreachable] rule HUGE of client c has no effect: rule BIG of the studio (studio.yaml:8:5) "
        "forbids all that it matches; narrow one of them");
  CHECK(lines[1].find("client.yaml:8:5: [shadowed] rule BIG of client c") == 0);
  CHECK(Found({&studio}).empty());
}

TEST_CASE("lint says where no layer above allows what a rule allows", "[together][lint]") {
  const std::string to = "  - {id: A, effect: allow, when: {destination.site: {in: [";
  const Policy client = Client(to + "lon, van]}}, require: {approvals: none}}\n");
  const Policy outside = Show(to + "akl]}}, require: {approvals: none}}\n");
  const Policy within = Show(to + "van, akl]}}, require: {approvals: none}}\n");
  REQUIRE(Found({&client, &outside}).size() == 1);
  CHECK(Found({&client, &outside})[0].find("show.yaml:7:5: [not-allowed-above]") == 0);
  CHECK(Found({&client, &within}).empty());
}

TEST_CASE("a show's rules are no obstacle to its client's: other shows have others", "[together][lint]") {
  const Policy client = Client(kAll);
  const Policy show = Show("  - {id: F, effect: forbid, reason: r, when: {}}\n");
  CHECK(Found({&client, &show}).empty());
}

TEST_CASE("a rule above that ends hides nothing", "[together][lint]") {
  const Policy studio =
      Studio(kAll + "  - {id: H, effect: hold, reason: r, when: {}, until: \"2026-12-01T08:00:00Z\"}\n");
  const Policy client = Client(kAll);
  CHECK(Found({&studio, &client}).empty());
}

TEST_CASE("rendered together, layers say how they combine and name each digest and that of all", "[together]") {
  const Policy studio = Studio(kAll), client = Client(kAll), show = Show(kAll);
  const std::string text = RenderTogether(std::vector<const Policy*>{&studio, &client, &show});
  CHECK(text.find("the rules of the studio, client c and show s of client c are asked together") != std::string::npos);
  CHECK(text.find("of the studio begin with studio/\n") != std::string::npos);
  CHECK(text.find("Digest of client c: " + client.digest) != std::string::npos);
  CHECK(text.find("bound: " + DigestOf(std::vector<const Policy*>{&studio, &client, &show})) != std::string::npos);
  CHECK(text.find("everything is denied") == std::string::npos);
  CHECK(RenderTogether(std::vector<const Policy*>{&studio, &show}).find("everything is denied") != std::string::npos);
}

TEST_CASE("each layer's own word is what it says when it is asked alone", "[layers][property]") {
  World world(20261121);
  for (int i = 0; i < 3000; ++i) {
    const Policy studio = world.ALayer({}), client = world.ALayer({"c", ""}), show = world.ALayer({"c", "s"});
    const Facts facts = world.SomeFacts();
    std::vector<Approval> approvals = world.SomeApprovals();
    for (size_t a = 0; a < approvals.size(); ++a) {
      if (a % 3 == 1) approvals[a].requirement.insert(0, "studio/");
      if (a % 3 == 2) approvals[a].requirement.insert(0, "show/");
    }
    const Decision all = EvaluateLayers(std::vector<const Policy*>{&show, &studio, &client}, facts, approvals, kNow);
    REQUIRE(all.layers.size() == 3);
    const Policy* const ordered[] = {&studio, &client, &show};
    for (size_t l = 0; l < 3; ++l) {
      const Decision alone = Evaluate(*ordered[l], facts, ApprovalsFor(ordered[l]->scope(), approvals), kNow);
      CHECK(all.layers[l].verdict == alone.verdict);
      REQUIRE(all.layers[l].reasons.size() == alone.reasons.size());
      for (size_t r = 0; r < alone.reasons.size(); ++r) {
        CHECK(all.layers[l].reasons[r].code == alone.reasons[r].code);
        CHECK(all.layers[l].reasons[r].rule == alone.reasons[r].rule);
      }
      CHECK(all.layers[l].windows.size() == alone.windows.size());
      CHECK(all.verdict >= alone.verdict);
    }
  }
}

TEST_CASE("whether content is bound is known before anybody has approved", "[layers]") {
  const Policy listing = Client(Asks("q", "g"));
  const Policy content = Client(
      "  - {id: Q, effect: allow, when: {}, require: {approvals: {all_of: [{id: q, count: 1, from: [group:g]}], bind: "
      "[content]}}}\n");
  Facts facts;
  facts.values = {{"asset.client", "c"}};
  CHECK_FALSE(Inquiry(std::vector<const Policy*>{&listing}, facts, kNow).binds_content());
  CHECK(Inquiry(std::vector<const Policy*>{&content}, facts, kNow).binds_content());
}

}  // namespace
}  // namespace crossdock::policy
