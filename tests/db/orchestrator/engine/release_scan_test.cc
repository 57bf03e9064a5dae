// Obligation `scan`: what becomes of a transfer whose site has no scan, or finds something.
#include "orchestrator/engine/attempts.h"
#include "orchestrator/store/evidence.h"
#include "tests/db/orchestrator/engine/deciding_studio.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view kScanned =
    "  - {id: N-10, effect: allow, title: \"Work\", when: {}, require: {approvals: none}, obligations: {scan: "
    "before_release}}\n";

class ScannedStudio : public DecidingStudio {
 public:
  ScannedStudio() {
    Activate(kScanned);
    id = Running(Soon());
  }
  // Nothing that was made before lies ahead of it.
  base::Instant Soon() const { return clock.Now() + seconds(1); }
  void Fail(const std::string& reason) {
    REQUIRE(ReportFailure(context, "lon-1", id, Get(id).epoch, reason, "said by lon").ok());
  }
  std::string id;
};

TEST_CASE("a transfer whose source site has no scan is held with that reason, and tried again after a while") {
  ScannedStudio studio;
  const base::Instant now = studio.Soon();
  studio.Fail("RELEASE_SCAN_MISSING");
  REQUIRE(DecideAll(studio.context, now).ok());
  CHECK(studio.Get(studio.id).state == State::kHeld);
  CHECK(studio.Get(studio.id).reason == "RELEASE_SCAN_MISSING");
  CHECK(studio.Get(studio.id).detail == "said by lon");
  REQUIRE(DecideAll(studio.context, now + minutes(4)).ok());
  CHECK(studio.Get(studio.id).state == State::kHeld);
  REQUIRE(DecideAll(studio.context, now + minutes(7)).ok());
  CHECK(studio.Get(studio.id).state == State::kQueued);
}

TEST_CASE("what waits for a scan goes on at once when no policy wants it any more") {
  ScannedStudio studio;
  studio.Fail("RELEASE_SCAN_MISSING");
  REQUIRE(DecideAll(studio.context, studio.Soon()).ok());
  REQUIRE(studio.Get(studio.id).state == State::kHeld);
  studio.Activate(kAllow);
  REQUIRE(ReconsiderAll(studio.context, "northlight", "olga", "POLICY_ACTIVATED").ok());
  REQUIRE(DecideAll(studio.context, studio.Soon()).ok());
  CHECK(studio.Get(studio.id).state == State::kQueued);
}

TEST_CASE("a finding ends the transfer, in the words of the scan") {
  ScannedStudio studio;
  studio.Fail("RELEASE_SCAN_FOUND");
  const Transfer failed = studio.Get(studio.id);
  CHECK(failed.state == State::kFailed);
  CHECK(failed.reason == "RELEASE_SCAN_FOUND");
  CHECK(failed.detail == "said by lon");
}

TEST_CASE("a scan that could not say is tried again a few times, and no more") {
  ScannedStudio studio;
  studio.Fail("RELEASE_SCAN_FAILED");
  CHECK(studio.Get(studio.id).state == State::kQueued);
}

TEST_CASE("nothing is published whose sender does not sign that the scan was clean") {
  for (const std::string scan : {"", "clean"}) {
    ScannedStudio studio;
    const Transfer running = studio.Get(studio.id);
    trust::Receipt receipt;
    receipt.transfer = running.id;
    receipt.epoch = base::StrCat(running.epoch.generation, ".", running.epoch.n);
    receipt.agent = "lon-1";
    receipt.site = "lon";
    receipt.listing = running.listing;
    receipt.files = receipt.bytes = 1;
    receipt.began = receipt.ended = std::chrono::floor<seconds>(studio.clock.Now());
    receipt.policy = std::string(64, 'b');
    receipt.scan = scan;
    const std::string statement = trust::SignedStatement::Sign(*trust::Encode(receipt), studio.officer).Format();
    studio.Write([&](pg::Tx& tx) {
      store::InsertReceipt(tx, running, {running.epoch, "sent", "lon-1", statement}, studio.clock.Now());
    });
    const auto reply = Commit(studio.context, "van-1", running.id, running.epoch, running.listing, "");
    INFO(reply.status().ToString());
    REQUIRE(reply.ok());
    CHECK((reply->word == CommitWord::kPublish) == !scan.empty());
    CHECK(reply->reason == (scan.empty() ? "RELEASE_SCAN_NOT_SAID" : ""));
  }
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
