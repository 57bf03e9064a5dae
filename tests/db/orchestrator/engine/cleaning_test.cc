// Staging and receipts: what an attempt leaves behind, and who says so.
#include "orchestrator/engine/cleaning.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "orchestrator/engine/attempts.h"
#include "orchestrator/engine/control.h"
#include "orchestrator/engine/desired.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/migrate.h"
#include "orchestrator/store/transfers.h"
#include "tests/support/postgres_server.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string NewDatabase() {
  static testing::PostgresServer server;
  return server.NewDatabase();
}

class ManualClock : public base::Clock {
 public:
  base::Instant Now() const override { return now; }
  base::Steady MonotonicNow() const override { return base::Steady(now.time_since_epoch()); }
  base::Instant now = base::Instant(hours(480'000));
};

// Transfers from lon-1 to whichever agent of van is named.
struct Studio {
  Studio() {
    REQUIRE(store::Migrate(database).ok());
    store::Agent agent;
    for (const char* const id : {"lon-1", "van-1", "van-2"}) {
      agent.id = id;
      agent.site = std::string(id).substr(0, 3);
      agent.identity_key = keys.emplace(id, base::PrivateKey::Generate(random)).first->second.Public().ToHex();
      Write([&](pg::Tx& tx) { store::PutAgent(tx, agent, clock.now); });
    }
  }
  void Write(const std::function<void(pg::Tx&)>& body) {
    REQUIRE(database
                .Transact([&](pg::Tx& tx) {
                  body(tx);
                  return absl::OkStatus();
                })
                .ok());
  }
  Transfer Get(const std::string& id) {
    Transfer transfer;
    Write([&](pg::Tx& tx) { transfer = *store::GetTransfer(tx, id); });
    return transfer;
  }
  void Move(const std::string& id, Cause cause) {
    Write([&](pg::Tx& tx) {
      REQUIRE(store::MoveTransfer(tx, *store::GetTransfer(tx, id), {cause, "test", "", "", clock.now}));
    });
  }
  // One that is queued.
  std::string Queued(const std::string& id) {
    Transfer transfer;
    transfer.id = id;
    transfer.entity.client = "northlight";
    transfer.source_site = "lon";
    transfer.destination_site = "van";
    transfer.volume = "proj";
    transfer.rendezvous = std::string(16, 'r');
    transfer.created = clock.now;
    Write([&](pg::Tx& tx) { REQUIRE(store::InsertTransfer(tx, transfer, "key-" + id)); });
    for (const Cause cause : {Cause::kAccepted, Cause::kManifestReady, Cause::kAllowed}) Move(id, cause);
    return id;
  }
  Epoch Assign(const std::string& id, const std::string& receiver) {
    std::optional<Epoch> epoch;
    Write([&](pg::Tx& tx) {
      epoch = store::AssignTransfer(tx, *store::GetTransfer(tx, id), {"lon-1", receiver, 1},
                                    {Cause::kAssigned, "planner", "", "", clock.now});
    });
    REQUIRE(epoch.has_value());
    return *epoch;
  }
  // What the agent is asked to clean now: "t-1 1.1".
  std::vector<std::string> Asked(const std::string& agent) {
    std::vector<std::string> asked;
    const auto desired = DesiredTasks(context, agent);
    REQUIRE(desired.ok());
    for (const Task& task : desired->tasks) {
      const auto* clean = std::get_if<CleanTask>(&task.work);
      if (clean == nullptr) continue;
      CHECK(clean->volume == "proj");
      asked.push_back(base::StrCat(task.transfer, " ", clean->epoch.generation, ".", clean->epoch.n));
      CHECK(task.id == base::StrCat("clean/", task.transfer, "/", clean->epoch.generation, ".", clean->epoch.n));
    }
    return asked;
  }
  std::vector<store::AuditRecord> Audited(const std::string& action) {
    std::vector<store::AuditRecord> found;
    Write([&](pg::Tx& tx) {
      for (const store::AuditRecord& record : store::ListAudit(tx, {}, 0, 1000)) {
        if (record.action == action) found.push_back(record);
      }
    });
    return found;
  }
  std::string Receipt(const std::string& agent, const std::string& transfer, trust::ReceiptRole role, int ended) {
    trust::Receipt receipt;
    receipt.transfer = transfer;
    receipt.epoch = "1.1";
    receipt.role = role;
    receipt.agent = agent;
    receipt.site = agent.substr(0, 3);
    receipt.listing = std::string(64, 'a');
    receipt.ended = base::Instant(seconds(ended));
    receipt.request = transfer;
    receipt.policy = std::string(64, 'b');
    const auto statement = trust::Encode(receipt);
    INFO(statement.status());
    REQUIRE(statement.ok());
    return trust::SignedStatement::Sign(*statement, keys.at(agent)).Format();
  }
  std::vector<std::string> Statements(const std::string& transfer) {
    std::vector<std::string> statements;
    Write([&](pg::Tx& tx) {
      for (const store::Receipt& row : store::Receipts(tx, transfer, {1, 1})) statements.push_back(row.statement);
    });
    return statements;
  }

  ManualClock clock;
  base::SystemRandom random;
  std::map<std::string, base::PrivateKey> keys;
  pg::Database database{NewDatabase(), 2};
  Wakes wakes;
  base::PrivateKey ticket_key = base::PrivateKey::Generate(random);
  const Context context{database,
                        clock,
                        random,
                        wakes,
                        ticket_key,
                        [] { return std::vector<AgentView>(); },
                        std::chrono::milliseconds(20'000),
                        8,
                        hours(24)};
};

using Names = std::vector<std::string>;

TEST_CASE("a cancelled transfer's staging is asked for a day later, until its agent says that it is gone") {
  Studio studio;
  studio.Queued("t-1");
  const Epoch epoch = studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kCancelled);
  CHECK(studio.Asked("van-1").empty());
  studio.clock.now += hours(24) - seconds(1);
  CHECK(studio.Asked("van-1").empty());
  studio.clock.now += seconds(1);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1"});
  CHECK(studio.Asked("lon-1").empty());
  CHECK(studio.Asked("van-2").empty());
  // The agent was away, or its answer was lost.
  studio.clock.now += hours(100);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1"});
  for (int time = 0; time < 2; ++time) {
    CHECK(RecordClean(studio.context, "van-1", {"t-1", epoch, "", ""}).ok());
    CHECK(studio.Asked("van-1").empty());
  }
  const auto audited = studio.Audited("staging.cleaned");
  REQUIRE(audited.size() == 1);
  CHECK(audited[0].actor == "agent/van-1");
  CHECK(audited[0].client == "northlight");
  CHECK(audited[0].transfer == "t-1");
}

TEST_CASE("every agent that ever received the transfer is asked, each for its own newest attempt") {
  Studio studio;
  studio.Queued("t-1");
  studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kAttemptFailed);
  studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kAttemptFailed);
  studio.Assign("t-1", "van-2");
  studio.clock.now += hours(48);
  CHECK(studio.Asked("van-1").empty());  // another agent's attempt runs
  studio.Move("t-1", Cause::kBudgetSpent);
  studio.clock.now += hours(24);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.2"});
  CHECK(studio.Asked("van-2") == Names{"t-1 1.3"});
}

TEST_CASE("a retry keeps the staging, and a new attempt there makes an older answer void") {
  Studio studio;
  studio.Queued("t-1");
  const Epoch first = studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kCancelled);
  studio.clock.now += hours(25);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1"});
  REQUIRE(Retry(studio.context, "t-1", {"ops", "r-1"}).ok());
  CHECK(studio.Asked("van-1").empty());
  for (const Cause cause : {Cause::kManifestReady, Cause::kAllowed}) studio.Move("t-1", cause);
  studio.Assign("t-1", "van-1");
  CHECK(RecordClean(studio.context, "van-1", {"t-1", first, "", ""}).ok());
  studio.Move("t-1", Cause::kCancelled);
  studio.clock.now += hours(24);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.2"});
  CHECK(studio.Audited("staging.cleaned").empty());
}

TEST_CASE("a transfer that moves again after it was cleaned is cleaned again") {
  Studio studio;
  studio.Queued("t-1");
  const Epoch first = studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kAttemptFailed);
  studio.clock.now += hours(24);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1"});
  CHECK(RecordClean(studio.context, "van-1", {"t-1", first, "", ""}).ok());
  studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kAttemptFailed);
  CHECK(studio.Asked("van-1").empty());
  studio.clock.now += hours(24);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.2"});
}

TEST_CASE("an agent that could not clean is left alone for a while, and keeps nobody else waiting") {
  Studio studio;
  for (const char* const id : {"t-1", "t-2", "t-3"}) {
    studio.Queued(id);
    studio.Assign(id, "van-1");
    studio.Move(id, Cause::kCancelled);
  }
  studio.clock.now += hours(24);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1", "t-2 1.1"});
  for (const char* const id : {"t-1", "t-2"})
    CHECK(RecordClean(studio.context, "van-1", {id, {1, 1}, "STAGING_BUSY", "in use"}).ok());
  CHECK(studio.Asked("van-1") == Names{"t-3 1.1"});
  CHECK(RecordClean(studio.context, "van-1", {"t-3", {1, 1}, "", ""}).ok());
  CHECK(studio.Asked("van-1").empty());
  studio.clock.now += seconds(2);
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1", "t-2 1.1"});
  CHECK(RecordClean(studio.context, "van-1", {"t-1", {1, 1}, "STAGING_BUSY", "in use"}).ok());
  studio.clock.now += seconds(3);
  CHECK(studio.Asked("van-1") == Names{"t-2 1.1"});
  studio.clock.now += seconds(1);
  CHECK(studio.Asked("van-1").size() == 2);
}

TEST_CASE("nobody cleans in another agent's name, and what was never assigned is nothing") {
  Studio studio;
  studio.Queued("t-1");
  studio.Assign("t-1", "van-1");
  studio.Move("t-1", Cause::kCancelled);
  studio.clock.now += hours(24);
  CHECK(RecordClean(studio.context, "van-2", {"t-1", {1, 1}, "", ""}).ok());
  CHECK(RecordClean(studio.context, "van-2", {"t-9", {1, 1}, "STAGING_BUSY", ""}).ok());
  CHECK(studio.Asked("van-1") == Names{"t-1 1.1"});
}

TEST_CASE("the same receipt twice is one receipt; of two different ones the first stands, and that is on record") {
  Studio studio;
  studio.Queued("t-1");
  const Epoch epoch = studio.Assign("t-1", "van-1");
  const std::string first = studio.Receipt("van-1", "t-1", trust::ReceiptRole::kLanded, 100);
  const std::string second = studio.Receipt("van-1", "t-1", trust::ReceiptRole::kLanded, 200);
  studio.Move("t-1", Cause::kCommitted);
  CHECK(SubmitReceipt(studio.context, "van-1", "t-1", epoch, first, false).ok());
  CHECK(studio.Get("t-1").state == State::kDelivered);
  CHECK(SubmitReceipt(studio.context, "van-1", "t-1", epoch, first, false).ok());
  CHECK(studio.Audited("receipt.conflict").empty());
  CHECK(SubmitReceipt(studio.context, "van-1", "t-1", epoch, second, false).ok());
  CHECK(studio.Statements("t-1") == Names{first});
  const auto conflicts = studio.Audited("receipt.conflict");
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].actor == "agent/van-1");
  CHECK(conflicts[0].transfer == "t-1");
  // The sender's is another role, and closes what the first one delivered.
  const std::string sent = studio.Receipt("lon-1", "t-1", trust::ReceiptRole::kSent, 90);
  CHECK(SubmitReceipt(studio.context, "lon-1", "t-1", epoch, sent, false).ok());
  CHECK(studio.Get("t-1").state == State::kClosed);
  CHECK(studio.Statements("t-1") == Names{first, sent});
  CHECK(SubmitReceipt(studio.context, "van-1", "t-1", epoch, second, false).ok());
  CHECK(studio.Statements("t-1") == Names{first, sent});
}

}  // namespace
}  // namespace crossdock::orchestrator::engine
