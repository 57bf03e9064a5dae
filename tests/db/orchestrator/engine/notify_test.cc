// Recipients whom a policy names, from the decision to what they took.
#include "orchestrator/engine/notify.h"

#include <atomic>
#include <future>
#include <thread>

#include "lib/base/status.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/policy_life.h"
#include "orchestrator/store/evidence.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr std::string_view kHoldAndTell =
    "  - {id: N-10, effect: allow, when: {}, require: {approvals: none}, obligations: {notify: "
    "[client:northlight/desk, studio/operations]}}\n"
    "  - {id: N-20, effect: hold, reason: \"Embargo\", when: {}}\n";

struct Told {
  std::string recipient, id, document;
};

struct Desk {
  absl::Status operator()(const std::string& recipient, const std::string& id, const std::string& document,
                          base::Instant) {
    told.push_back({recipient, id, document});
    return answer;
  }
  std::vector<Told> told;
  absl::Status answer;
};

struct NotifyingStudio : DecidingStudio {
  // As the loop does at `at`.
  void Run(base::Instant at) { REQUIRE(notifier.RunOnce(at).ok()); }
  std::vector<std::string> Audited() {
    std::vector<std::string> actions;
    Write([&](pg::Tx& tx) {
      for (const store::AuditRecord& row : store::ListAudit(tx, {}, 0, 1'000))
        if (row.action.starts_with("notification.")) actions.push_back(row.action);
    });
    return actions;
  }
  Desk desk;
  Notifier notifier{context, [this](const auto&... all) { return desk(all...); }};
};

TEST_CASE("whom the policy names is told once what the transfer came to, and that they took it is on record") {
  NotifyingStudio studio;
  studio.Activate(kHoldAndTell);
  const base::Instant now = studio.clock.Now() + seconds(1);
  const std::string id = studio.Decided(now);
  REQUIRE(studio.Get(id).state == State::kHeld);
  studio.Run(now);
  studio.Run(now + hours(1));
  REQUIRE(studio.desk.told.size() == 2);
  CHECK(studio.desk.told[0].recipient == "client:northlight/desk");
  CHECK(studio.desk.told[1].recipient == "studio/operations");
  CHECK(studio.desk.told[0].id != studio.desk.told[1].id);
  const nlohmann::json document = nlohmann::json::parse(studio.desk.told[0].document);
  CHECK(document.at("type") == "transfer.held");
  CHECK(document.at("data").at("transfer") == id);
  CHECK(document.at("data").at("client") == "northlight");
  CHECK(document.at("data").at("detail") == studio.Get(id).detail);
  CHECK(base::ParseInstant(document.at("timestamp").get<std::string>()).ok());
  CHECK(studio.Audited() == std::vector<std::string>(2, "notification.taken"));
}

TEST_CASE("what is not taken is told again in the same bytes under the same id, and given up after three days") {
  NotifyingStudio studio;
  studio.Activate(kHoldAndTell);
  const base::Instant now = studio.clock.Now() + seconds(1);
  studio.Decided(now);
  studio.desk.answer = base::Unavailable("the desk is closed");
  studio.Run(now);
  REQUIRE(studio.desk.told.size() == 2);
  studio.Run(now);
  CHECK(studio.desk.told.size() == 2);
  studio.Run(now + seconds(2));
  REQUIRE(studio.desk.told.size() == 4);
  const auto said = [&](size_t first) {
    std::set<std::pair<std::string, std::string>> messages;
    for (const Told& told : {studio.desk.told[first], studio.desk.told[first + 1]})
      messages.emplace(told.id, told.document);
    return messages;
  };
  CHECK(said(2) == said(0));
  CHECK(studio.Audited().empty());

  studio.Write([](pg::Tx& tx) { tx.RunScript("UPDATE notification SET created = created - interval '73 hours'"); });
  studio.Run(now + hours(1));
  studio.desk.answer = absl::OkStatus();
  studio.Run(now + hours(2));
  CHECK(studio.desk.told.size() == 6);
  CHECK(studio.Audited() == std::vector<std::string>(2, "notification.given_up"));
}

TEST_CASE("what died while it told is told again") {
  NotifyingStudio studio;
  studio.Activate(kHoldAndTell);
  const base::Instant now = studio.clock.Now() + seconds(1);
  studio.Decided(now);
  struct Died {};
  Notifier dying(studio.context, [](const auto&...) -> absl::Status { throw Died(); });
  CHECK_THROWS_AS(dying.RunOnce(now), Died);
  studio.Run(now + seconds(59));
  CHECK(studio.desk.told.size() == 1);
  studio.Run(now + seconds(61));
  CHECK(studio.desk.told.size() == 2);
}

TEST_CASE("one that does not answer keeps nobody else waiting, and is told one thing at a time") {
  NotifyingStudio studio;
  studio.Activate(kHoldAndTell);
  const base::Instant now = studio.clock.Now() + seconds(1);
  studio.Decided(now, "r-1", "northlight/a");
  studio.Decided(now, "r-2", "northlight/b");
  std::promise<void> asked, answer;
  std::atomic<int> desk_asked = 0, operations_told = 0;
  Notifier notifier(studio.context, [&](const std::string& recipient, const auto&...) -> absl::Status {
    if (recipient != "client:northlight/desk") {
      ++operations_told;
      return absl::OkStatus();
    }
    if (++desk_asked > 1) return base::Unavailable("asked twice at once");
    asked.set_value();
    answer.get_future().wait();
    return base::Unavailable("too late");
  });
  std::jthread stuck([&] { (void)notifier.RunOnce(now); });
  asked.get_future().wait();
  const absl::Status others = notifier.RunOnce(now);
  const int told = operations_told, at_once = desk_asked;
  answer.set_value();
  stuck.join();
  CHECK(others.ok());
  CHECK(told == 2);
  CHECK(at_once == 1);
}

TEST_CASE("one that failed is left alone for a while, and nothing is begun after the end") {
  NotifyingStudio studio;
  studio.Activate(kHoldAndTell);
  const base::Instant now = studio.clock.Now() + seconds(1);
  studio.Decided(now, "r-1", "northlight/a");
  studio.Decided(now, "r-2", "northlight/b");
  studio.desk.answer = base::Unavailable("the desk is closed");
  studio.Run(now);
  CHECK(studio.desk.told.size() == 2);  // each recipient once, though each has two to hear
  studio.Run(now + seconds(10));
  CHECK(studio.desk.told.size() == 4);
  studio.desk.answer = absl::OkStatus();
  studio.notifier.Stop();
  studio.Run(now + hours(1));
  CHECK(studio.desk.told.size() == 4);
}

TEST_CASE("a policy that wants somebody told whom the orchestrator cannot tell is not proposed unanswered") {
  NotifyingStudio studio;
  const std::string text = base::StrCat(kHead, kHoldAndTell, kTests);
  const auto refused = ProposePolicy(studio.context, text, {}, true, "olga");
  CHECK(base::ReasonOf(refused.status()) == "POLICY_NOT_CLEAN");
  CHECK(base::ToStd(refused.status().message()).find("[unknown-recipient]") != std::string::npos);
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
