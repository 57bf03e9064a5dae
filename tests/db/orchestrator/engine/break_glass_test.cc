// An emergency from the first signature to the review, in the engine.
#include "orchestrator/engine/break_glass.h"

#include <map>

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/policy/break_glass.h"
#include "lib/trust/break_glass.h"
#include "lib/trust/reasons.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decision_record.h"
#include "orchestrator/engine/explain.h"
#include "orchestrator/store/break_glass.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/notifications.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using Catch::Matchers::Contains;
using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kGlassHead = R"yaml(schema: crossdock/policy/v1
id: northlight
title: "An embargo that an emergency lifts"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2034-12-31}
break_glass: {from: [group:emergency], notify: [client:northlight/desk]}
rules:
  - {id: N-10, effect: allow, title: "Work", when: {}, require: {approvals: none}}
)yaml";
constexpr std::string_view kForbid = "  - {id: N-02, effect: forbid, reason: \"Embargo\", when: {}}\n";
constexpr std::string_view kHold = "  - {id: N-03, effect: hold, reason: \"Embargo\", when: {}}\n";
constexpr std::string_view kAbsolute =
    "  - {id: N-01, effect: forbid, strength: absolute, reason: \"Contract\", when: {}}\n";

class OffsetClock : public base::Clock {
 public:
  base::Instant Now() const override { return real_.Now() + offset; }
  base::Steady MonotonicNow() const override { return real_.MonotonicNow(); }
  std::chrono::seconds offset{};

 private:
  base::SystemClock real_;
};

// Paula and Raj may break the glass, Pete may not, and Carla reviews.
class GlassStudio : public DecidingStudio {
 public:
  explicit GlassStudio(std::string_view rules = kForbid) {
    const std::string body = base::StrCat(
        "schema: crossdock/roster/v1\nnumber: 2\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
        "threshold: 1\nofficers: [{name: olga, key: \"", officer.Public().ToText(), "\"}]\nsite_admins: []\n",
        "sites: [{id: lon, country: GB}, {id: van, country: CA}]\napprovers:\n", Line("paula", "emergency"),
        Line("raj", "emergency"), Line("pete", "prod"), Line("carla", "audit"),
        "paths: [{volume: proj, prefix: \"northlight/\", client: northlight, project: nl, classification: internal}]\n",
        "denied: []\n");
    Write([&](pg::Tx& tx) { store::InsertRoster(tx, {2, body, "signed"}, clock.Now()); });
    ActivateText(base::StrCat(kGlassHead, rules));
  }
  base::Instant now() const { return std::chrono::floor<seconds>(later.Now()); }

  trust::BreakGlass Glass(const std::string& id, const std::string& first = "paula",
                          const std::string& second = "raj") {
    trust::BreakGlass glass;
    Write([&](pg::Tx& tx) {
      const auto cleared = Clear(tx, *store::GetTransfer(tx, id), later.Now());
      INFO(cleared.status());
      REQUIRE(cleared.ok());
      glass = trust::BreakGlassFor(cleared->clearance.binding);
    });
    glass.reason = "due at six";
    glass.not_before = now();
    glass.not_after = now() + hours(2);
    glass.first = first;
    glass.second = second;
    glass.nonce = base::ToHex(random.Bytes(16));
    return glass;
  }
  template <typename Kind>
  std::string Signed(const Kind& statement, const std::vector<std::string>& persons) {
    std::vector<base::PrivateKey> signing;
    for (const std::string& person : persons) signing.push_back(Key(person));
    return trust::SignedStatement::Sign(*trust::Encode(statement), signing).Format();
  }
  // By both, of what would move now.
  std::string Both(const std::string& id) { return Signed(Glass(id), {"paula", "raj"}); }

  // The reason, or nothing.
  std::string Submit(const std::string& id, const std::string& statement) {
    return base::ReasonOf(SubmitBreakGlass(own, id, statement, "user:test"));
  }
  std::string Review(const std::string& id, const std::string& broken, const std::string& by, bool justified = true) {
    trust::BreakGlassReview review{id, "northlight", *trust::StatementDigest(broken), justified, "looked at it", now(),
                                   by};
    return base::ReasonOf(ReviewBreakGlass(own, id, Signed(review, {by}), "user:test"));
  }
  // What the source agent finds after a denied transfer was let go: the same again, or something else.
  void Scanned(const std::string& id, char listing = 'a') {
    REQUIRE(Get(id).state == State::kScanning);
    Write([&](pg::Tx& tx) {
      REQUIRE(store::SetListing(tx, *store::GetTransfer(tx, id), std::string(64, listing), 1, 1, 1));
      REQUIRE(
          store::MoveTransfer(tx, *store::GetTransfer(tx, id), {Cause::kManifestReady, "agent", "", "", later.Now()}));
    });
    Decide();
  }
  void Decide() { REQUIRE(DecideAll(own, later.Now()).ok()); }
  std::string Denied() {
    const std::string id = Decided(later.Now() + seconds(1));
    REQUIRE(Get(id).state == State::kDenied);
    return id;
  }
  std::vector<std::string> Audited(const std::string& id) {
    std::vector<std::string> found;
    Write([&](pg::Tx& tx) {
      for (const store::AuditRecord& record : store::ListAudit(tx, {"northlight", id, "", "break_glass", ""}, 0, 100))
        found.push_back(base::StrCat(record.action, " ", record.result, " ", record.detail_json));
    });
    return found;
  }
  std::string Explained(const std::string& id) {
    const Explanation explanation = *Explain(own, id);
    std::string all;
    for (const std::string& line : explanation.lines) all += line + "\n";
    return all;
  }
  std::optional<store::Notification> Told() {
    std::optional<store::Notification> told;
    Write(
        [&](pg::Tx& tx) { told = store::TakeNotification(tx, {}, later.Now() + seconds(5), later.Now() + hours(1)); });
    return told;
  }
  const base::PrivateKey& Key(const std::string& person) {
    return keys_.try_emplace(person, base::PrivateKey::Generate(random)).first->second;
  }

  OffsetClock later;
  const Context own{database,
                    later,
                    random,
                    wakes,
                    ticket_key,
                    [] { return std::vector<AgentView>(); },
                    std::chrono::milliseconds(20'000),
                    8};

 private:
  std::string Line(const std::string& person, const std::string& group) {
    return base::StrCat("  - {person: ", person, ", name: \"", person, " P\", team: t-", person,
                        ", organisation: o, groups: [", group, "], keys: [\"", Key(person).Public().ToText(), "\"]}\n");
  }
  std::map<std::string, base::PrivateKey> keys_;
};

TEST_CASE("a forbidden transfer goes when two have signed, and not when one has; everybody is told at once") {
  GlassStudio studio;
  const std::string id = studio.Denied();
  const BreakGlassSubject subject = *BreakGlassOf(studio.own, studio.Get(id));
  CHECK(subject.refusal.empty());
  CHECK(subject.from == std::vector<std::string>{"group:emergency of client northlight"});
  CHECK(subject.notify == std::vector<std::string>{"client:northlight/desk"});
  CHECK(subject.against == std::vector<std::string>{"Rule N-02 forbids it: Embargo."});

  const trust::BreakGlass glass = studio.Glass(id);
  CHECK(studio.Submit(id, studio.Signed(glass, {"paula"})).empty());
  CHECK(studio.Submit(id, studio.Signed(glass, {"paula"})).empty());  // again is nothing new
  CHECK(studio.Get(id).state == State::kDenied);
  CHECK_THAT(studio.Explained(id), Contains("paula asks raj to break the glass with them"));
  CHECK_FALSE(studio.Told());

  const std::string both = studio.Signed(glass, {"paula", "raj"});
  CHECK(studio.Submit(id, both).empty());
  CHECK(studio.Submit(id, both).empty());
  const std::optional<store::Notification> told = studio.Told();
  REQUIRE(told);
  CHECK(told->recipient == "client:northlight/desk");
  const nlohmann::json document = nlohmann::json::parse(told->document);
  CHECK(document.at("type") == "transfer.break_glass");
  CHECK_THAT(document.at("data").at("detail").get<std::string>(),
             Contains("paula and raj broke the glass until") && Contains("due at six"));
  CHECK_FALSE(studio.Told());

  studio.Scanned(id);
  CHECK(studio.Get(id).state == State::kQueued);
  CHECK_THAT(studio.Explained(id), Contains("paula and raj broke the glass at") && Contains("Its review is due by"));
  const std::vector<std::string> audited = studio.Audited(id);
  REQUIRE(audited.size() == 2);
  CHECK_THAT(audited[0], Contains("break_glass.asked ok"));
  CHECK_THAT(audited[1], Contains("break_glass.broken ok") && Contains("\"forbidden N-02\"") && Contains("review_due"));
  studio.Write([&](pg::Tx& tx) {
    const auto decision = store::GetDecision(tx, *store::GetTransfer(tx, id)->decision);
    CHECK(decision->verdict == "allow");
    CHECK_THAT(decision->approvals_json, Contains("crossdock/break-glass/v1"));
    // The policy's own word stays what it was, so that it replays and a candidate is held against it.
    CHECK(ReadStored(*decision)->verdict == policy::Verdict::kDeny);
  });
}

TEST_CASE("what runs under break-glass stops in the second in which that ends") {
  GlassStudio studio(kHold);
  const std::string id = studio.Decided(studio.later.Now() + seconds(1));
  REQUIRE(studio.Get(id).state == State::kHeld);
  const trust::BreakGlass glass = studio.Glass(id);
  REQUIRE(studio.Submit(id, studio.Signed(glass, {"paula", "raj"})).empty());
  CHECK(studio.Get(id).state == State::kDeciding);
  studio.Decide();
  REQUIRE(studio.Get(id).state == State::kQueued);
  studio.Write([&](pg::Tx& tx) {
    REQUIRE(store::AssignTransfer(tx, *store::GetTransfer(tx, id), {"lon-1", "van-1", 1},
                                  {Cause::kAssigned, "planner", "", "", studio.later.Now()}));
  });
  REQUIRE(RedecideRunning(studio.own, glass.not_after - seconds(1)).ok());
  CHECK(studio.Get(id).state == State::kRunning);
  REQUIRE(RedecideRunning(studio.own, glass.not_after).ok());
  CHECK(studio.Get(id).state == State::kDeciding);
  studio.later.offset = hours(3);
  studio.Decide();
  CHECK(studio.Get(id).state == State::kHeld);
}

TEST_CASE("T-27: an absolute forbid is lifted by nobody") {
  GlassStudio studio(kAbsolute);
  const std::string id = studio.Denied();
  CHECK(BreakGlassOf(studio.own, studio.Get(id))->refusal == policy::kBreakGlassAbsolute);
  CHECK(studio.Submit(id, studio.Both(id)) == policy::kBreakGlassAbsolute);
  CHECK(studio.Submit(id, studio.Signed(studio.Glass(id), {"paula"})) == policy::kBreakGlassAbsolute);
  CHECK(studio.Get(id).state == State::kDenied);
  CHECK(studio.Audited(id).empty());
}

TEST_CASE("T-27: who is not among those who may, one person twice, another listing and another time are refused") {
  GlassStudio studio;
  const std::string id = studio.Denied();
  CHECK(studio.Submit(id, studio.Signed(studio.Glass(id, "paula", "pete"), {"paula", "pete"})) ==
        policy::kBreakGlassNotEligible);
  CHECK(studio.Submit(id, studio.Signed(studio.Glass(id, "paula", "pete"), {"paula"})) ==
        policy::kBreakGlassNotEligible);
  CHECK(studio.Submit(id, studio.Signed(studio.Glass(id), {"paula", "pete"})) == trust::kApproverMismatch);
  trust::BreakGlass glass = studio.Glass(id);
  glass.listing = std::string(64, 'b');
  CHECK(studio.Submit(id, studio.Signed(glass, {"paula", "raj"})) == trust::kListingChanged);
  glass = studio.Glass(id);
  glass.transfer = "t-other";
  CHECK(studio.Submit(id, studio.Signed(glass, {"paula", "raj"})) == trust::kTransferMismatch);
  glass = studio.Glass(id);
  glass.not_before -= hours(3);
  glass.not_after -= hours(3);
  CHECK(studio.Submit(id, studio.Signed(glass, {"paula", "raj"})) == trust::kBreakGlassExpired);
  CHECK(studio.Submit("t-other", studio.Both(id)) == "TRANSFER_UNKNOWN");
  CHECK(studio.Get(id).state == State::kDenied);
}

TEST_CASE("what changed at the source after the two had signed does not go by it") {
  GlassStudio studio;
  const std::string id = studio.Denied();
  REQUIRE(studio.Submit(id, studio.Both(id)).empty());
  studio.Scanned(id, 'b');
  CHECK(studio.Get(id).state == State::kDenied);
  CHECK_THAT(studio.Explained(id), Contains("The break-glass does not count: LISTING_CHANGED"));
  // They sign again, for less: the word that was given last counts.
  trust::BreakGlass again = studio.Glass(id);
  again.not_after -= seconds(600);
  REQUIRE(studio.Submit(id, studio.Signed(again, {"paula", "raj"})).empty());
  studio.Scanned(id, 'b');
  CHECK(studio.Get(id).state == State::kQueued);
}

TEST_CASE("what was reviewed lets nothing through any more") {
  GlassStudio studio;
  const std::string id = studio.Denied();
  const std::string broken = studio.Both(id);
  REQUIRE(studio.Submit(id, broken).empty());
  studio.Write([&](pg::Tx& tx) {
    CHECK_FALSE(store::LiveBreakGlass(tx, id, studio.later.Now()).empty());
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, id), {Cause::kCancelled, "ops", "", "", {}}));
  });
  REQUIRE(studio.Review(id, broken, "carla").empty());
  studio.Write([&](pg::Tx& tx) { CHECK(store::LiveBreakGlass(tx, id, studio.later.Now()).empty()); });
}

TEST_CASE("nothing is broken for what goes anyway, or has gone") {
  GlassStudio studio("");
  const std::string id = studio.Decided(studio.later.Now() + seconds(1));
  REQUIRE(studio.Get(id).state == State::kQueued);
  CHECK(studio.Submit(id, studio.Both(id)) == policy::kBreakGlassNotNeeded);
  CHECK(base::ReasonOf(BreakGlassOf(studio.own, studio.Get(id)).status()) == policy::kBreakGlassNotNeeded);
}

TEST_CASE("T-27: while a review is overdue nobody breaks the glass for that client, and afterwards again") {
  GlassStudio studio;
  const std::string id = studio.Denied();
  const std::string broken = studio.Both(id);
  REQUIRE(studio.Submit(id, broken).empty());
  studio.Scanned(id);
  const auto second = studio.Create("r-2", "northlight/b");
  studio.Write([&](pg::Tx& tx) {
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, second->id), {Cause::kAccepted, "test", "", "", {}}));
  });
  studio.Scanned(second->id);
  REQUIRE(studio.Get(second->id).state == State::kDenied);

  studio.later.offset = kBreakGlassReviewWithin - seconds(60);
  CHECK(BreakGlassOf(studio.own, studio.Get(second->id))->refusal.empty());
  studio.later.offset = kBreakGlassReviewWithin + seconds(60);
  CHECK(BreakGlassOf(studio.own, studio.Get(second->id))->refusal == "BREAK_GLASS_REVIEW_OVERDUE");
  CHECK(studio.Submit(second->id, studio.Signed(studio.Glass(second->id), {"paula"})) == "BREAK_GLASS_REVIEW_OVERDUE");
  CHECK(studio.Submit(second->id, studio.Both(second->id)) == "BREAK_GLASS_REVIEW_OVERDUE");
  CHECK_THAT(studio.Explained(id), Contains("Its review was due by"));

  CHECK(studio.Review(id, broken, "carla", false).empty());
  CHECK(studio.Submit(second->id, studio.Both(second->id)).empty());
  CHECK_THAT(studio.Explained(id), Contains("carla reviewed it as unjustified: looked at it"));
  CHECK_THAT(studio.Audited(id).back(), Contains("break_glass.reviewed unjustified") && Contains("\"late\": true"));
}

TEST_CASE("a review is by a third person, once, and when nothing moves by it any more") {
  GlassStudio studio;
  const std::string id = studio.Denied();
  const trust::BreakGlass glass = studio.Glass(id);
  const std::string asked = studio.Signed(glass, {"paula"}), broken = studio.Signed(glass, {"paula", "raj"});
  REQUIRE(studio.Submit(id, asked).empty());
  CHECK(studio.Review(id, asked, "carla") == "BREAK_GLASS_UNKNOWN");  // nothing was broken
  REQUIRE(studio.Submit(id, broken).empty());
  CHECK(studio.Review(id, broken, "carla") == "BREAK_GLASS_STILL_OPEN");
  studio.later.offset = hours(3);
  CHECK(studio.Review(id, broken, "paula") == trust::kBreakGlassOwnReview);
  CHECK(studio.Review(id, broken, "raj") == trust::kBreakGlassOwnReview);
  CHECK(studio.Review(id, broken, "carla").empty());
  CHECK(studio.Review(id, broken, "pete") == "BREAK_GLASS_REVIEWED");
  studio.Write([&](pg::Tx& tx) {
    const auto row = store::GetBreakGlass(tx, *trust::StatementDigest(broken));
    CHECK(row->reviewer == "carla");
    CHECK(row->verdict == "justified");
    CHECK_THAT(row->review_statement, Contains("crossdock/break-glass-review/v1"));
  });
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
