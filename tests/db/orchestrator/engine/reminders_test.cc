// Approvals that are open for long: whoever the policy names hears of it, once.
#include "orchestrator/engine/reminders.h"

#include <algorithm>
#include <thread>

#include "lib/base/status.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/moves.h"
#include "orchestrator/engine/notify.h"
#include "orchestrator/store/evidence.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kAsk =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: {all_of: [{id: production, count: "
    "1, "
    "from: [group:prod]}], exclude: [], valid_for: 72h, remind_after: 4h, escalate_after: 12h, escalate_to: "
    "[studio/production]}}, obligations: {notify: [client:northlight/desk]}}\n";

struct RemindingStudio : DecidingStudio {
  RemindingStudio() { Activate(kAsk); }
  void RemindAt(base::Instant at) { REQUIRE(Remind(context, at).ok()); }
  // "type to recipient", in the order in which they were written; that of the transfer's state is left out.
  std::vector<std::string> Told() {
    std::vector<std::string> told;
    Notifier notifier(context,
                      [&](const std::string& recipient, const std::string&, const std::string& text, base::Instant) {
                        documents.push_back(nlohmann::json::parse(text));
                        const std::string type = documents.back().at("type");
                        if (type.starts_with("approval.")) told.push_back(type + " to " + recipient);
                        return absl::OkStatus();
                      });
    REQUIRE(notifier.RunOnce(clock.Now() + hours(24 * 365)).ok());
    return told;
  }
  std::vector<std::string> Audited() {
    std::vector<std::string> actions;
    Write([&](pg::Tx& tx) {
      for (const store::AuditRecord& row : store::ListAudit(tx, {}, 0, 1'000))
        if (row.action == "approval.reminded" || row.action == "approval.escalated") actions.push_back(row.action);
    });
    return actions;
  }
  // As an approval of several does, or a new look at what is asked for.
  void DecideAnew(const std::string& id, base::Instant at) {
    Write([&](pg::Tx& tx) { REQUIRE(Reconsider(tx, *store::GetTransfer(tx, id), "paula", "APPROVED", "", at)); });
    REQUIRE(DecideAll(context, at).ok());
  }
  std::vector<nlohmann::json> documents;
};

using Texts = std::vector<std::string>;

TEST_CASE("a reminder after its time, an escalation after its own, each once, and nothing is approved by either") {
  RemindingStudio studio;
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string id = studio.Decided(now);
  REQUIRE(studio.Get(id).state == State::kAwaitingApproval);
  studio.RemindAt(now + hours(4) - seconds(1));
  CHECK(studio.Told().empty());
  studio.RemindAt(now + hours(4));
  studio.RemindAt(now + hours(5));
  CHECK(studio.Told() == Texts{"approval.reminder to client:northlight/desk"});
  const nlohmann::json data = studio.documents.back().at("data");
  CHECK(data.at("transfer") == id);
  CHECK(data.at("asked") == base::FormatSeconds(now));
  CHECK(data.at("requirements") == nlohmann::json{"production"});
  studio.RemindAt(now + hours(12));
  studio.RemindAt(now + hours(400));
  CHECK(studio.Told() == Texts{"approval.escalation to studio/production"});
  CHECK(studio.Audited() == Texts{"approval.reminded", "approval.escalated"});
  CHECK(studio.Get(id).state == State::kAwaitingApproval);
  studio.Write([&](pg::Tx& tx) {
    CHECK(store::LiveApprovals(tx, id).empty());
    const auto ruling = LastRuling(tx, *store::GetTransfer(tx, id));
    REQUIRE(ruling.ok());
    CHECK(ruling->verdict == policy::Verdict::kNeedsApprovals);
  });
}

TEST_CASE("an orchestrator that was away tells what is due when it comes back, and several tell it once between them") {
  RemindingStudio studio;
  const base::Instant now = studio.clock.Now() + seconds(1);
  studio.Decided(now, "r-1", "northlight/a");
  studio.Decided(now, "r-2", "northlight/b");
  {
    std::vector<std::jthread> replicas;
    for (int i = 0; i < 2; ++i) {
      replicas.emplace_back([&] {
        pg::Database database(studio.database.conninfo(), 1);
        const Context context{database, studio.clock, studio.random, studio.wakes, studio.ticket_key, {}};
        for (int turn = 0; turn < 5; ++turn) (void)Remind(context, now + hours(13));
      });
    }
  }
  Texts told = studio.Told();
  std::sort(told.begin(), told.end());
  CHECK(told == Texts{"approval.escalation to studio/production", "approval.escalation to studio/production",
                      "approval.reminder to client:northlight/desk", "approval.reminder to client:northlight/desk"});
  CHECK(studio.Audited().size() == 4);
}

TEST_CASE("one approval of several does not set the time back; other content does") {
  RemindingStudio studio;
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string id = studio.Decided(now);
  studio.DecideAnew(id, now + hours(3));
  studio.RemindAt(now + hours(4));
  CHECK(studio.Told().size() == 1);
  studio.DecideAnew(id, now + hours(5));
  studio.RemindAt(now + hours(11));
  CHECK(studio.Told().empty());

  studio.Write([&](pg::Tx& tx) {
    REQUIRE(Rescan(tx, *store::GetTransfer(tx, id), "lon-1", "LISTING_CHANGED", "", now + hours(11)).ok());
    REQUIRE(store::SetListing(tx, *store::GetTransfer(tx, id), std::string(64, 'b'), 1, 1, 1));
    REQUIRE(
        store::MoveTransfer(tx, *store::GetTransfer(tx, id), {Cause::kManifestReady, "test", "", "", now + hours(11)}));
  });
  REQUIRE(DecideAll(studio.context, now + hours(11)).ok());
  REQUIRE(studio.Get(id).state == State::kAwaitingApproval);
  studio.RemindAt(now + hours(13));
  CHECK(studio.Told().empty());
  studio.RemindAt(now + hours(15));
  CHECK(studio.Told() == Texts{"approval.reminder to client:northlight/desk"});
}

TEST_CASE("what a later decision adds counts from when the transfer began to wait") {
  RemindingStudio studio;
  const base::Instant now = std::chrono::floor<seconds>(studio.clock.Now()) + seconds(1);
  // For an hour another rule stands in the place of the one that reminds.
  studio.Activate(base::StrCat(kAsk, "  - {id: N-20, effect: allow, replaces: N-10, until: \"",
                               base::FormatSeconds(now + hours(1)),
                               "\", when: {}, require: {approvals: {all_of: [{id: production, count: 1, from: "
                               "[group:prod]}], exclude: []}}}\n"));
  const std::string id = studio.Decided(now);
  studio.RemindAt(now + hours(13));
  CHECK(studio.Told().empty());
  REQUIRE(DecideAll(studio.context, now + hours(1)).ok());
  REQUIRE(studio.Get(id).state == State::kAwaitingApproval);
  studio.RemindAt(now + hours(4) - seconds(1));
  CHECK(studio.Told().empty());
  studio.RemindAt(now + hours(4));
  CHECK(studio.Told() == Texts{"approval.reminder to client:northlight/desk"});
}

TEST_CASE("while its hours are closed nobody is told, and the time goes on from when it was first asked") {
  RemindingStudio studio;
  const base::Instant now = std::chrono::floor<std::chrono::minutes>(studio.clock.Now()) + std::chrono::minutes(1);
  const auto clock = [](base::Instant at) { return base::FormatSeconds(at).substr(11, 5); };
  studio.Activate(base::StrCat(
      "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: {all_of: [{id: production, count: "
      "1, "
      "from: [group:prod]}], exclude: [], remind_after: 4h, escalate_after: 12h, escalate_to: [studio/production]}, "
      "window: {clock: UTC, days: [mon, tue, wed, thu, fri, sat, sun], hours: \"",
      clock(now), "-", clock(now + hours(2)),
      "\", at_close: pause}}, obligations: {notify: [client:northlight/desk]}}\n"));
  const std::string id = studio.Decided(now);
  REQUIRE(studio.Get(id).state == State::kAwaitingApproval);
  studio.DecideAnew(id, now + hours(3));
  REQUIRE(studio.Get(id).state == State::kHeld);
  studio.RemindAt(now + hours(5));
  CHECK(studio.Told().empty());
  studio.DecideAnew(id, now + hours(24));
  REQUIRE(studio.Get(id).state == State::kAwaitingApproval);
  studio.RemindAt(now + hours(24));
  CHECK(studio.Told() ==
        Texts{"approval.reminder to client:northlight/desk", "approval.escalation to studio/production"});
  studio.DecideAnew(id, now + hours(27));
  studio.DecideAnew(id, now + hours(48));
  studio.RemindAt(now + hours(49));
  CHECK(studio.Told().empty());
}

TEST_CASE("nobody is told of what waits no more") {
  RemindingStudio studio;
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string cancelled = studio.Decided(now, "r-1", "northlight/a");
  const std::string freed = studio.Decided(now, "r-2", "northlight/b");
  studio.Write([&](pg::Tx& tx) {
    REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, cancelled), {Cause::kCancelled, "ops", "", "", now}));
  });
  studio.Activate(kAllow);
  studio.DecideAnew(freed, now + hours(1));
  REQUIRE(studio.Get(freed).state == State::kQueued);
  studio.RemindAt(now + hours(13));
  // Those that are over are not looked at again.
  studio.Activate(kAsk);
  studio.RemindAt(now + hours(14));
  CHECK(studio.Told().empty());
  CHECK(studio.Audited().empty());
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
