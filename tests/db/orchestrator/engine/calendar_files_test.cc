// Calendar files of policies: handed in, kept by content, given to whoever decides.
#include "catch2/catch.hpp"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "orchestrator/engine/policy_life.h"
#include "orchestrator/engine/replay_past.h"
#include "orchestrator/engine/shadow.h"
#include "orchestrator/store/policy_life.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

// Closed on a day long after everything here.
const std::string kHolidays =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:F\xeate\r\nDTSTART;VALUE=DATE:20400101\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

std::string DigestOf(const std::string& bytes) { return base::ToHex(base::Sha256(bytes)); }

std::string PolicyText() {
  constexpr std::string_view kRules = "rules:\n";
  std::string text = base::StrCat(kHead,
                                  "  - {id: N-10, effect: allow, title: \"Work\", when: {source.site: {in: [lon]}, "
                                  "asset.classification: {at_most: internal}}, require: {approvals: none, window: "
                                  "{clock: UTC, at_close: pause, except: [calendar:holidays]}}}\n",
                                  kTests);
  return text.replace(
      text.find(kRules), kRules.size(),
      base::StrCat("calendars: {holidays: {file: holidays.ics, sha256: ", DigestOf(kHolidays), "}}\nrules:\n"));
}

class CalendarStudio : public DecidingStudio {
 public:
  absl::StatusOr<ProposedPolicy> Propose(const std::vector<std::string>& files) {
    const std::string text = PolicyText();
    return ProposePolicy(context, orchestrator::PolicyText(text, files), {}, false, "user:olga");
  }
  void InForce() {
    const auto proposed = Propose({kHolidays});
    INFO(proposed.status().ToString());
    REQUIRE(proposed.ok());
    const trust::PolicyActivation activation{"northlight", 1, proposed->name.digest, clock.Now(), "olga"};
    const std::string statement = trust::SignedStatement::Sign(*trust::Encode(activation), officer).Format();
    const auto activated = ActivatePolicy(context, statement, "user:olga");
    INFO(activated.status().ToString());
    REQUIRE(activated.ok());
  }
  int64_t files() {
    int64_t count = 0;
    Write([&](pg::Tx& tx) {
      constexpr pg::Query kCount{"calendar_files_count", "SELECT count(*) FROM calendar_file"};
      count = tx.Run(kCount)[0][0].as<int64_t>();
    });
    return count;
  }
};

TEST_CASE("a policy without the file that it names is not proposed, and one file is kept once") {
  CalendarStudio studio;
  CHECK(base::ReasonOf(studio.Propose({}).status()) == "CALENDAR_MISSING");
  CHECK(base::ReasonOf(studio.Propose({kHolidays + "\n"}).status()) == "CALENDAR_MISSING");
  CHECK(studio.files() == 0);
  const auto proposed = studio.Propose({"nobody's", kHolidays});
  INFO(proposed.status().ToString());
  REQUIRE(proposed.ok());
  REQUIRE(studio.Propose({kHolidays}).ok());
  CHECK(studio.files() == 1);
  studio.Write([&](pg::Tx& tx) {
    const auto row = store::GetPolicy(tx, "northlight", proposed->name.digest);
    REQUIRE(row);
    CHECK(row->calendars == std::vector{kHolidays});
  });
}

TEST_CASE("hours by a calendar are decided with its file, and held when that is gone") {
  CalendarStudio studio;
  studio.InForce();
  const std::string id = studio.Decided(studio.clock.Now() + std::chrono::seconds(1));
  CHECK(studio.Get(id).state == State::kQueued);
  studio.Write([&](pg::Tx& tx) {
    constexpr pg::Query kLose{"calendar_files_lose", "DELETE FROM calendar_file"};
    tx.Run(kLose);
    const auto ruling = Decide(tx, *store::GetTransfer(tx, id), "dispatch", studio.clock.Now());
    REQUIRE(ruling.ok());
    CHECK(ruling->verdict == policy::Verdict::kHold);
    CHECK(ruling->detail.find("calendar holidays is not there") != std::string::npos);
  });
}

TEST_CASE("a candidate brings its calendars into replay and shadow") {
  CalendarStudio studio;
  studio.Activate(kAllow);
  studio.Decided(studio.clock.Now() + std::chrono::seconds(1));
  const std::string text = PolicyText();
  const std::vector<std::string> files = {kHolidays};
  const base::Instant since = studio.clock.Now() - std::chrono::hours(1);
  CHECK(base::ReasonOf(ReplayPast(studio.context, text, since, 10).status()) == "CALENDAR_MISSING");
  const auto replayed = ReplayPast(studio.context, orchestrator::PolicyText(text, files), since, 10);
  REQUIRE(replayed.ok());
  REQUIRE(replayed->counts.size() == 1);
  CHECK(replayed->counts[0].kind == "same");
  CHECK(base::ReasonOf(StartShadow(studio.context, text, "user:olga").status()) == "CALENDAR_MISSING");
  REQUIRE(StartShadow(studio.context, orchestrator::PolicyText(text, files), "user:olga").ok());
  studio.Write([&](pg::Tx& tx) {
    const auto shadow = store::GetShadow(tx, "client:northlight");
    REQUIRE(shadow);
    CHECK(shadow->calendars == files);
  });
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
