// The life of a policy's versions: who may put one in force, and what is kept of it.
#include "orchestrator/engine/policy_life.h"

#include "catch2/catch.hpp"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/replay_past.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/engine/shadow.h"
#include "orchestrator/store/evidence.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::seconds;

constexpr std::string_view kClient = "northlight";
constexpr std::string_view kToVan =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {source.site: {in: [lon]}, destination.site: {in: [van]}, "
    "asset.classification: {at_most: internal}}, require: {approvals: none}}\n";
constexpr std::string_view kHoldReview =
    "  - {id: N-21, effect: hold, reason: \"Looked into\", when: {transfer.purpose: {in: [review]}}}\n";
constexpr std::string_view kHoldBig =
    "  - {id: N-22, effect: hold, reason: \"Big\", when: {transfer.files: {at_least: 5}}}\n";

// Two officers; every version comes in as people hand it in.
class OfficersStudio : public DecidingStudio {
 public:
  OfficersStudio() {
    const std::string body = base::StrCat(
        "schema: crossdock/roster/v1\nnumber: 2\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
        "threshold: 1\nofficers: [{name: olga, key: \"", officer.Public().ToText(), "\"}, {name: pete, key: \"",
        pete.Public().ToText(), "\"}]\nsite_admins: []\nsites: [{id: lon, country: GB}, {id: van, country: CA}]\n",
        "approvers: []\npaths: [{volume: proj, prefix: \"northlight/\", client: northlight, project: nl, ",
        "classification: internal}]\ndenied: []\n");
    Write([&](pg::Tx& tx) { store::InsertRoster(tx, {2, body, "signed"}, clock.Now()); });
  }
  static std::string Text(std::string_view rules) { return base::StrCat(kHead, rules, kTests); }
  static std::string DigestOf(std::string_view rules) { return policy::Parse(Text(rules), "test")->digest; }
  absl::StatusOr<ProposedPolicy> Propose(std::string_view rules, std::string_view by = "user:olga",
                                         const std::vector<std::string>& accepted = {}) {
    return ProposePolicy(context, Text(rules), accepted, false, by);
  }
  std::string Signed(std::string_view rules, uint64_t number, const std::string& name) {
    const trust::PolicyActivation activation{std::string(kClient), number, DigestOf(rules), clock.Now(), name};
    return trust::SignedStatement::Sign(*trust::Encode(activation), name == "olga" ? officer : pete).Format();
  }
  absl::Status Activate(std::string_view rules, uint64_t number, const std::string& name) {
    return ActivatePolicy(context, Signed(rules, number, name), base::StrCat("user:", name)).status();
  }
  // Proposed by olga, signed by pete.
  void InForce(std::string_view rules, uint64_t number) {
    const auto proposed = Propose(rules);
    INFO(proposed.status().ToString());
    REQUIRE(proposed.ok());
    const absl::Status status = Activate(rules, number, "pete");
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  VersionState StateOf(std::string_view rules) {
    std::optional<store::PolicyVersion> version;
    Write([&](pg::Tx& tx) { version = store::GetVersion(tx, ScopeOfKey(kClient), DigestOf(rules)); });
    REQUIRE(version);
    return version->state;
  }
  std::vector<std::string> Causes() {
    std::vector<std::string> causes;
    Write([&](pg::Tx& tx) {
      for (const auto& row : store::PolicyEvents(tx, ScopeOfKey(kClient), 100)) causes.push_back(row.cause);
    });
    return causes;
  }
  size_t Audited(std::string_view action) {
    size_t count = 0;
    Write([&](pg::Tx& tx) {
      for (const auto& record : store::ListAudit(tx, {}, std::nullopt, 1000)) count += record.action == action;
    });
    return count;
  }

  base::PrivateKey pete = base::PrivateKey::Generate(random);
};

std::string ReasonOf(const absl::Status& status) { return std::string(base::ReasonOf(status)); }
std::string Loose() { return std::string(kToVan); }
std::string Tight() { return base::StrCat(kToVan, kHoldBig); }

TEST_CASE("T-23: an officer who proposes by another account cannot approve, nor does an account of nobody count") {
  OfficersStudio studio;
  studio.InForce(kToVan, 1);
  studio.Write([&](pg::Tx& tx) {
    std::string body = store::LatestRoster(tx)->body;
    body.replace(body.find("number: 2"), 9, "number: 3");
    body += "people: [{person: pete, names: [pete-laptop], sign_in: [{issuer: \"https://id.example\", user: p}]}]\n";
    store::InsertRoster(tx, {3, body, "signed"}, studio.clock.Now());
  });
  const std::string hold = base::StrCat(kToVan, kHoldReview);
  uint64_t number = 1;
  for (const char* account : {"user:pete-laptop", "user:https://id.example#p", "user:PETE"}) {
    INFO(account);
    REQUIRE(studio.Propose(hold, account).ok());
    CHECK(ReasonOf(ApprovePolicy(studio.context, studio.Signed(hold, ++number, "pete"), "user:pete").status()) ==
          "TWO_PERSONS_NEEDED");
    REQUIRE(WithdrawPolicy(studio.context, "client:northlight", studio.DigestOf(hold), account).ok());
  }
  for (const char* account : {"user:https://id.example#q", "user:nobody", "token:git"}) {
    INFO(account);
    REQUIRE(studio.Propose(hold, account).ok());
    CHECK(ReasonOf(ApprovePolicy(studio.context, studio.Signed(hold, ++number, "pete"), "user:pete").status()) ==
          "TWO_PERSONS_NEEDED");
    REQUIRE(WithdrawPolicy(studio.context, "client:northlight", studio.DigestOf(hold), account).ok());
  }
  REQUIRE(studio.Propose(hold, "user:https://id.example#p").ok());
  CHECK(ApprovePolicy(studio.context, studio.Signed(hold, ++number, "olga"), "user:olga").ok());
}

TEST_CASE("a change is approved by another officer than its author, and then comes into force") {
  OfficersStudio studio;
  studio.InForce(Loose(), 1);
  REQUIRE(studio.Propose(Tight()).ok());
  CHECK(ReasonOf(ApprovePolicy(studio.context, studio.Signed(Tight(), 2, "olga"), "user:olga").status()) ==
        "TWO_PERSONS_NEEDED");
  CHECK(studio.StateOf(Tight()) == VersionState::kProposed);
  CHECK(
      ReasonOf(ActivateApproved(studio.context, "client:northlight", studio.DigestOf(Tight()), "user:olga").status()) ==
      "POLICY_STATE_CONFLICT");
  REQUIRE(ApprovePolicy(studio.context, studio.Signed(Tight(), 2, "pete"), "user:pete").ok());
  CHECK(studio.StateOf(Tight()) == VersionState::kApproved);
  CHECK(studio.StateOf(Loose()) == VersionState::kInForce);
  REQUIRE(ActivateApproved(studio.context, "client:northlight", studio.DigestOf(Tight()), "user:olga").ok());
  CHECK(studio.StateOf(Tight()) == VersionState::kInForce);
  CHECK(studio.StateOf(Loose()) == VersionState::kReplaced);
  CHECK(studio.Causes() ==
        std::vector<std::string>{"activated", "replaced", "approved", "proposed", "activated", "approved", "proposed"});
  CHECK(studio.Audited("policy.activated") == 2);
  CHECK(studio.Audited("policy.approved") == 2);
  CHECK(studio.Audited("policy.proposed") == 2);
}

TEST_CASE("the first version of a client takes one officer, who may be its author") {
  OfficersStudio studio;
  REQUIRE(studio.Propose(Loose(), "user:olga").ok());
  CHECK(studio.Activate(Loose(), 1, "olga").ok());
}

TEST_CASE("a proposal keeps the exact difference from the version in force") {
  OfficersStudio studio;
  studio.InForce(Loose(), 1);
  const auto proposed = studio.Propose(Tight());
  REQUIRE(proposed.ok());
  const auto difference = nlohmann::json::parse(proposed->difference_json);
  CHECK(difference["before"] == studio.DigestOf(Loose()));
  CHECK(difference["counts"] == nlohmann::json({{"stronger", 1}}));
  CHECK(difference["complete"] == true);
  std::optional<store::PolicyVersion> version;
  studio.Write([&](pg::Tx& tx) { version = store::GetVersion(tx, "client:northlight", studio.DigestOf(Tight())); });
  CHECK(nlohmann::json::parse(version->difference_json) == difference);
  CHECK(version->against == studio.DigestOf(Loose()));
}

TEST_CASE("what another version overtakes is stale until it is proposed again") {
  OfficersStudio studio;
  studio.InForce(Loose(), 1);
  REQUIRE(studio.Propose(Tight()).ok());
  REQUIRE(ApprovePolicy(studio.context, studio.Signed(Tight(), 3, "pete"), "user:pete").ok());
  const std::string other = base::StrCat(kToVan, kHoldUntil);
  studio.InForce(other, 2);
  CHECK(studio.StateOf(Tight()) == VersionState::kStale);
  CHECK(ReasonOf(studio.Activate(Tight(), 3, "pete")) == "POLICY_STATE_CONFLICT");
  REQUIRE(studio.Propose(Tight()).ok());
  CHECK(studio.Activate(Tight(), 3, "pete").ok());
}

TEST_CASE("a rollback that only tightens takes one officer; one that loosens does not go") {
  OfficersStudio studio;
  studio.InForce(Tight(), 1);
  studio.InForce(Loose(), 2);
  // Olga proposed them all: she alone may go back to the stricter one.
  REQUIRE(studio.Activate(Tight(), 3, "olga").ok());
  CHECK(studio.StateOf(Tight()) == VersionState::kInForce);
  CHECK(studio.Causes().front() == "rolled_back");
  CHECK(ReasonOf(studio.Activate(Loose(), 4, "olga")) == "ROLLBACK_LOOSENS");
  CHECK(ReasonOf(studio.Activate(Loose(), 4, "pete")) == "ROLLBACK_LOOSENS");
  CHECK(studio.StateOf(Loose()) == VersionState::kReplaced);
  studio.InForce(Loose(), 4);
}

TEST_CASE("what stops everything takes one officer, and holds what waits until another version comes") {
  OfficersStudio studio;
  studio.InForce(Loose(), 1);
  const std::string running = studio.Running(studio.clock.Now() + seconds(1));
  // Without a rule that allows, it would be denied, which ends it.
  const std::string stop = base::StrCat(kToVan, "  - {id: REVOKED, effect: hold, reason: \"A leak\", when: {}}\n");
  REQUIRE(studio.Propose(stop, "user:olga", {"unreachable"}).ok());
  REQUIRE(studio.Activate(stop, 2, "olga").ok());
  CHECK(studio.Get(running).state == State::kDeciding);
  studio.Write([&](pg::Tx& tx) {
    CHECK(store::GetDecision(tx, *store::GetTransfer(tx, running)->decision)->occasion == "revocation");
  });
  CHECK(studio.Get(running).reason == "HELD_BY_POLICY");
  REQUIRE(DecideAll(studio.context, studio.clock.Now() + seconds(2)).ok());
  CHECK(studio.Get(running).state == State::kHeld);
  studio.InForce(Tight(), 3);
  REQUIRE(DecideAll(studio.context, studio.clock.Now() + seconds(3)).ok());
  CHECK(studio.Get(running).state == State::kQueued);
}

TEST_CASE("a version whose tests fail, or in which lint finds what nobody answers for, is not proposed") {
  OfficersStudio studio;
  const std::string failing =
      base::StrCat(kHead, kToVan, "fixture: {client: northlight, now: \"2026-11-20T12:00:00Z\"}\n",
                   "tests:\n  - {name: \"nothing goes\", expect: {hold: held}}\n");
  CHECK(ReasonOf(ProposePolicy(studio.context, failing, {}, false, "user:olga").status()) == "POLICY_TESTS_FAIL");
  const std::string unknown = base::StrCat(
      kToVan, "  - {id: N-23, effect: forbid, reason: \"No\", when: {destination.site: {in: [atlantis]}}}\n");
  const auto refused = studio.Propose(unknown);
  CHECK(ReasonOf(refused.status()) == "POLICY_NOT_CLEAN");
  CHECK(std::string(base::ToStd(refused.status().message())).find("atlantis") != std::string::npos);
  const auto answered = studio.Propose(unknown, "user:olga", {"unknown-site"});
  REQUIRE(answered.ok());
  CHECK(answered->findings.size() == 1);
}

TEST_CASE("a number is used once, and a withdrawn version does not come into force") {
  OfficersStudio studio;
  studio.InForce(Loose(), 5);
  REQUIRE(studio.Propose(Tight()).ok());
  CHECK(!studio.Activate(Tight(), 5, "pete").ok());
  CHECK(!studio.Activate(Tight(), 4, "pete").ok());
  REQUIRE(WithdrawPolicy(studio.context, "client:northlight", studio.DigestOf(Tight()), "user:olga").ok());
  CHECK(ReasonOf(studio.Activate(Tight(), 6, "pete")) == "POLICY_STATE_CONFLICT");
  CHECK(ReasonOf(WithdrawPolicy(studio.context, "client:northlight", studio.DigestOf(Loose()), "user:olga").status()) ==
        "POLICY_STATE_CONFLICT");
}

TEST_CASE("what was in force at an instant is told") {
  OfficersStudio studio;
  const base::Instant before = studio.clock.Now();
  studio.InForce(Loose(), 1);
  const base::Instant between = studio.clock.Now();
  studio.InForce(Tight(), 2);
  studio.Write([&](pg::Tx& tx) {
    CHECK(!store::InForceAt(tx, "client:northlight", before));
    CHECK(store::InForceAt(tx, "client:northlight", between) == studio.DigestOf(Loose()));
    CHECK(store::InForceAt(tx, "client:northlight", studio.clock.Now()) == studio.DigestOf(Tight()));
  });
}

TEST_CASE("a candidate over past decisions says first what would newly be allowed") {
  OfficersStudio studio;
  const base::Instant start = studio.clock.Now();
  studio.InForce(base::StrCat(kToVan, kHoldReview), 1);
  studio.Decided(studio.clock.Now() + seconds(1));
  const auto replayed = ReplayPast(studio.context, studio.Text(Loose()), start, 10);
  REQUIRE(replayed.ok());
  CHECK(replayed->decisions == 1);
  REQUIRE(replayed->counts.size() == 1);
  CHECK(replayed->counts[0].kind == "newly_allowed");
  CHECK(replayed->counts[0].count == 1);
  REQUIRE(replayed->examples.size() == 1);
  CHECK(replayed->examples[0].before == "hold");
  CHECK(replayed->examples[0].after == "allow");
  const auto same = ReplayPast(studio.context, studio.Text(base::StrCat(kToVan, kHoldReview)), start, 10);
  CHECK(same->counts.at(0).kind == "same");
  CHECK(ReplayPast(studio.context, studio.Text(Loose()), studio.clock.Now() + seconds(2), 10)->decisions == 0);
}

TEST_CASE("a candidate in the shadow is asked at each new decision, acts on none, and keeps what differs once") {
  OfficersStudio studio;
  studio.InForce(Loose(), 1);
  REQUIRE(StartShadow(studio.context, studio.Text(base::StrCat(kToVan, kHoldReview)), "user:olga").ok());
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string id = studio.Decided(now);
  CHECK(studio.Get(id).state == State::kQueued);
  studio.Write([&](pg::Tx& tx) {
    for (int i = 0; i < 3; ++i) REQUIRE(Decide(tx, *store::GetTransfer(tx, id), "dispatch", now + seconds(i)).ok());
    const auto counts = store::CountShadowDifferences(tx, "client:northlight");
    REQUIRE(counts.size() == 1);
    CHECK(counts[0].kind == "newly_refused");
    CHECK(counts[0].count == 1);
    const auto examples = store::ShadowExamples(tx, "client:northlight", 10);
    REQUIRE(examples.size() == 1);
    CHECK(examples[0].transfer == id);
    CHECK(examples[0].after == "hold");
  });
  REQUIRE(StopShadow(studio.context, "client:northlight", "user:olga").ok());
  studio.Write([&](pg::Tx& tx) { CHECK(store::CountShadowDifferences(tx, "client:northlight").empty()); });
  CHECK(ReasonOf(StopShadow(studio.context, "client:northlight", "user:olga")) == "SHADOW_MISSING");
  CHECK(studio.Audited("policy.shadowed") == 1);
  CHECK(studio.Audited("policy.shadow_ended") == 1);
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
