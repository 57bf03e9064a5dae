// The audit log on a real server: numbers without gaps, checkpoints, and what a database's administrator cannot do.
#include <condition_variable>
#include <thread>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "orchestrator/audit/sequencer.h"
#include "orchestrator/audit/signer.h"
#include "orchestrator/store/audit_log.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/migrate.h"
#include "tests/support/postgres_server.h"

namespace crossdock::orchestrator::audit {
namespace {

std::string NewDatabase() {
  static testing::PostgresServer server;
  return server.NewDatabase();
}

base::Instant At(int seconds) { return base::Instant(std::chrono::seconds(1'700'000'000 + seconds)); }

struct Studio {
  Studio() { REQUIRE(store::Migrate(database).ok()); }

  std::vector<store::AuditRecord> Follow(int64_t after, int limit = 10) {
    std::vector<store::AuditRecord> records;
    CHECK(database
              .Transact([&](pg::Tx& tx) {
                records = store::ListAudit(tx, {}, after, limit);
                return absl::OkStatus();
              })
              .ok());
    return records;
  }

  void Write(const std::function<void(pg::Tx&)>& body) {
    const absl::Status status = database.Transact([&](pg::Tx& tx) {
      body(tx);
      return absl::OkStatus();
    });
    INFO(status);
    REQUIRE(status.ok());
  }
  void Say(const std::string& client, const std::string& action, const std::string& result = "ok") {
    Write([&](pg::Tx& tx) { Put(tx, client, action, result); });
  }
  static void Put(pg::Tx& tx, const std::string& client, const std::string& action, const std::string& result = "ok") {
    store::Audit(tx, {0, At(0), client, "ada", action, "t-1", result, R"({"b": 1, "a": "é"})"});
  }
  void AsAdministrator(const std::string& sql) {
    Write([&](pg::Tx& tx) { tx.RunScript(sql); });
  }
  int Number() {
    const absl::StatusOr<int> numbered = NumberLeaves(database);
    INFO(numbered.status());
    REQUIRE(numbered.ok());
    return *numbered;
  }
  std::vector<std::string> Leaves(const std::string& log) {
    std::vector<std::string> leaves;
    Write([&](pg::Tx& tx) { leaves = store::ReadLeaves(tx, log, 0, 10'000); });
    return leaves;
  }
  std::vector<store::AuditCheckpoint> Checkpoints(const std::string& log) {
    std::vector<store::AuditCheckpoint> found;
    Write([&](pg::Tx& tx) { found = store::ReadCheckpoints(tx, log, 0, 1'000); });
    return found;
  }
  uint64_t Size(const std::string& log) {
    uint64_t size = 0;
    Write([&](pg::Tx& tx) { size = store::GetAuditLog(tx, log).size; });
    return size;
  }

  base::PrivateKey key = *base::PrivateKey::FromSeed(std::string(32, 'l'));
  pg::Database database{NewDatabase(), 4};
  Signer signer{database, "test.studio", key};
};

std::string Word(const absl::Status& status) { return base::ReasonOf(status); }

TEST_CASE("a leaf is the row in its one spelling, in its client's log, and only there") {
  Studio studio;
  studio.Say("northlight", "transfer.accepted", "say \"no\"\n");
  studio.Say("", "policy.activated");
  CHECK(studio.Number() == 2);
  CHECK(studio.Number() == 0);
  CHECK(studio.Leaves("client/northlight") ==
        std::vector<std::string>{
            R"({"v":1,"at":"2023-11-14T22:13:20.000000Z","client":"northlight","actor":"ada",)"
            R"("action":"transfer.accepted","transfer":"t-1","result":"say \"no\"\n","detail":{"a": "é", "b": 1}})"
            "\n"});
  CHECK(studio.Leaves("studio").size() == 1);
  CHECK(studio.Leaves("client/other").empty());
}

TEST_CASE("transactions that commit in another order than they began leave no gap, nor do those that are undone") {
  Studio studio;
  base::Mutex mutex;
  base::CondVar changed;
  int stage = 0;
  const auto wait_for = [&](int wanted) {
    base::MutexLock lock(mutex);
    while (stage < wanted) changed.Wait(mutex);
  };
  const auto reach = [&](int next) {
    base::MutexLock lock(mutex);
    stage = next;
    changed.NotifyAll();
  };
  std::thread slow([&] {
    (void)studio.database.Transact([&](pg::Tx& tx) {
      Studio::Put(tx, "c", "slow");
      reach(1);
      wait_for(2);
      return absl::OkStatus();
    });
  });
  wait_for(1);
  studio.Say("c", "quick");
  (void)studio.database.Transact([&](pg::Tx& tx) -> absl::Status {
    Studio::Put(tx, "c", "undone");
    return absl::CancelledError("undone");
  });
  studio.Say("c", "quicker");
  // The slow one may still come before them: nothing that begins after it has a number yet.
  CHECK(studio.Number() == 0);
  CHECK(studio.Follow(0).empty());
  reach(2);
  slow.join();
  CHECK(studio.Number() == 3);
  const auto followed = studio.Follow(0);
  REQUIRE(followed.size() == 3);
  CHECK(followed[0].action == "slow");
  CHECK(studio.Follow(followed[0].number).front().action == "quick");
  CHECK(studio.Follow(followed[2].number).empty());
  const std::vector<std::string> leaves = studio.Leaves("client/c");
  REQUIRE(leaves.size() == 3);
  CHECK(leaves[0].find("\"slow\"") != std::string::npos);
  CHECK(leaves[1].find("\"quick\"") != std::string::npos);
  CHECK(leaves[2].find("\"quicker\"") != std::string::npos);
}

TEST_CASE("whoever follows the log misses no row that got a smaller id than one that was there before") {
  Studio studio;
  studio.AsAdministrator(
      "INSERT INTO audit (id, xid, at, client, actor, action, transfer, result, detail) OVERRIDING SYSTEM VALUE "
      "SELECT id, xid::text::xid8, now(), 'c', 'ada', id || '', '', 'ok', '{}' FROM (VALUES (7, 98), (5, 99), (6, 101)) "
      "AS given (id, xid)");
  std::string seen;
  for (int64_t last = 0; true;) {
    const auto next = studio.Follow(last, 1);
    if (next.empty()) break;
    seen += next[0].action + " ";
    last = next[0].number;
  }
  CHECK(seen == "7 5 6 ");
}

TEST_CASE("rows are numbered in the order of their transactions, also where the transaction's id gains a digit") {
  Studio studio;
  studio.AsAdministrator(
      "INSERT INTO audit (xid, at, client, actor, action, transfer, result, detail) "
      "SELECT xid::text::xid8, now(), 'c', 'ada', xid::text, '', 'ok', '{}' FROM generate_series(98, 101) AS xid");
  for (int row = 0; row < 4; ++row) CHECK(*NumberLeaves(studio.database, 1) == 1);
  CHECK(studio.Number() == 0);
  const std::vector<std::string> leaves = studio.Leaves("client/c");
  REQUIRE(leaves.size() == 4);
  for (int row = 0; row < 4; ++row)
    CHECK(leaves[row].find(base::StrCat("\"action\":\"", 98 + row, "\"")) != std::string::npos);
}

TEST_CASE("many writers, some of whom undo what they did, and two sequencers: each row has one number, without gaps") {
  Studio studio;
  constexpr int kWriters = 3, kRows = 60;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&studio, writer] {
      pg::Database own(studio.database.conninfo().substr(0, studio.database.conninfo().find(" options=")), 1);
      for (int row = 0; row < kRows; ++row) {
        (void)own.Transact([&](pg::Tx& tx) -> absl::Status {
          Studio::Put(tx, row % 2 == 0 ? "a" : "b", base::StrCat("w", writer, ".", row));
          return row % 5 == 4 ? absl::CancelledError("undone") : absl::OkStatus();
        });
      }
    });
  }
  for (int sequencer = 0; sequencer < 2; ++sequencer) {
    threads.emplace_back([&studio] {
      for (int run = 0; run < 50; ++run) (void)NumberLeaves(studio.database, 7);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const size_t kept = kWriters * kRows * 4 / 5;
  // Whatever else runs in the server, its own housekeeping too, may hold the last ones back for a moment.
  const base::SystemClock clock;
  const base::Steady patience = clock.MonotonicNow() + std::chrono::seconds(60);
  while (studio.Size("client/a") + studio.Size("client/b") < kept && clock.MonotonicNow() < patience)
    (void)NumberLeaves(studio.database, 7);
  std::vector<std::string> all = studio.Leaves("client/a");
  CHECK(all.size() == studio.Size("client/a"));
  const std::vector<std::string> others = studio.Leaves("client/b");
  all.insert(all.end(), others.begin(), others.end());
  CHECK(all.size() == kept);
  std::sort(all.begin(), all.end());
  CHECK(std::unique(all.begin(), all.end()) == all.end());
  CHECK(studio.signer.RunOnce(At(0)).ok());
}

TEST_CASE("a checkpoint comes after ten seconds, after a thousand leaves, and at once after an approval") {
  Studio studio;
  const auto sign = [&](int seconds) {
    studio.Number();
    REQUIRE(studio.signer.RunOnce(At(seconds)).ok());
    return studio.Checkpoints("client/c").size();
  };
  studio.Say("c", "transfer.accepted");
  CHECK(sign(0) == 1);
  CHECK(sign(100) == 1);
  studio.Say("c", "transfer.accepted");
  CHECK(sign(9) == 1);
  CHECK(sign(10) == 2);
  studio.Say("c", "approval.given");
  CHECK(sign(11) == 3);
  studio.Write([](pg::Tx& tx) {
    for (int i = 0; i < 999; ++i) Studio::Put(tx, "c", "transfer.moved");
  });
  CHECK(sign(12) == 3);
  studio.Say("c", "transfer.moved");
  CHECK(sign(12) == 4);

  const auto newest = transparency::ParseCheckpointNote(studio.Checkpoints("client/c").back().note);
  REQUIRE(newest.ok());
  CHECK(newest->checkpoint.origin == "test.studio/audit/client/c");
  CHECK(newest->checkpoint.size == 1'003);
  CHECK(newest->note.VerifyBy(studio.signer.KeyOf("client/c")).ok());
  transparency::TreeHead head;
  for (const std::string& leaf : studio.Leaves("client/c")) head.Append(transparency::LeafHash(leaf));
  CHECK(newest->checkpoint.root == head.Root());
}

TEST_CASE("a signer that starts again goes on where the log is") {
  Studio studio;
  studio.Say("c", "one");
  studio.Number();
  REQUIRE(studio.signer.RunOnce(At(0)).ok());
  studio.Say("c", "two");
  Signer again(studio.database, "test.studio", studio.key);
  studio.Number();
  CHECK(again.RunOnce(At(20)).ok());
  CHECK(studio.Checkpoints("client/c").back().size == 2);
}

TEST_CASE("T-40: nothing is signed that does not continue what was signed") {
  Studio studio;
  for (int i = 0; i < 5; ++i) studio.Say("c", base::StrCat("event.", i));
  studio.Say("other", "event");
  studio.Number();
  REQUIRE(studio.signer.RunOnce(At(0)).ok());
  studio.Say("c", "next");
  studio.Say("other", "next");

  SECTION("an edited tree") {
    studio.AsAdministrator(
        "UPDATE audit_tile SET hashes = set_byte(hashes, 70, get_byte(hashes, 70) # 1) WHERE log = 'client/c'");
    studio.Number();
    const absl::Status status = studio.signer.RunOnce(At(20));
    CHECK(Word(status) == "AUDIT_LOG_REWRITTEN");
    // The others are not held up.
    CHECK(studio.Checkpoints("client/other").size() == 2);
  }
  SECTION("a truncated log, checkpoint and all") {
    studio.Number();
    studio.AsAdministrator(
        "DELETE FROM audit_checkpoint WHERE log = 'client/c'; DELETE FROM audit_leaf WHERE log = 'client/c' AND number "
        ">= 3;"
        "UPDATE audit_log SET size = 3 WHERE log = 'client/c'; UPDATE audit_tile SET hashes = substr(hashes, 1, 96) "
        "WHERE log = 'client/c'");
    const absl::Status status = studio.signer.RunOnce(At(20));
    CHECK(Word(status) == "AUDIT_LOG_REWRITTEN");
    CHECK(status.message().find("number 3 is gone") != std::string::npos);
  }
  SECTION("a checkpoint that somebody else signed") {
    studio.Number();
    const base::PrivateKey other = *base::PrivateKey::FromSeed(std::string(32, 'o'));
    const std::string note =
        transparency::SignCheckpoint({"test.studio/audit/client/c", 5, transparency::LeafHash("x")}, other).Format();
    studio.Write([&](pg::Tx& tx) {
      tx.RunScript("DELETE FROM audit_checkpoint WHERE log = 'client/c'");
      store::InsertCheckpoint(tx, {"client/c", 5, At(0), note});
    });
    CHECK(Word(Signer(studio.database, "test.studio", studio.key).RunOnce(At(20))) == "AUDIT_LOG_REWRITTEN");
  }
  CHECK(studio.Checkpoints("client/c").size() <= 1);
}

TEST_CASE("T-40: a log that is less than was signed is raised in the studio's log, once, though it does not grow") {
  Studio studio;
  for (int i = 0; i < 5; ++i) studio.Say("c", base::StrCat("event.", i));
  studio.Number();
  REQUIRE(studio.signer.RunOnce(At(0)).ok());
  const auto raised = [&] {
    studio.Number();
    int count = 0;
    for (const std::string& leaf : studio.Leaves("studio"))
      count += leaf.find("\"audit.rewritten\"") != std::string::npos ? 1 : 0;
    return count;
  };
  SECTION("truncated, its checkpoints left") {
    studio.AsAdministrator("UPDATE audit_log SET size = 3 WHERE log = 'client/c'");
  }
  SECTION("wiped, of which this program alone still knows") {
    studio.AsAdministrator(
        "DELETE FROM audit_checkpoint; DELETE FROM audit_log; DELETE FROM audit_tile; DELETE FROM audit_leaf");
  }
  SECTION("a part of the tree taken away") {
    studio.AsAdministrator("UPDATE audit_tile SET hashes = substr(hashes, 1, 64) WHERE log = 'client/c'");
  }
  CHECK(studio.signer.RunOnce(At(9)).ok());
  CHECK(Word(studio.signer.RunOnce(At(10))) == kLogRewritten);
  CHECK(raised() == 1);
  CHECK(Word(studio.signer.RunOnce(At(20))) == kLogRewritten);
  CHECK(raised() == 1);
  studio.Write([&](pg::Tx& tx) { CHECK(Word(studio.signer.Check(tx, "client/c")) == kLogRewritten); });
}

TEST_CASE("a database that was restored into a server that counts from below is noticed, not numbered past") {
  Studio studio;
  studio.Say("c", "one");
  studio.Number();
  studio.AsAdministrator("UPDATE audit_position SET xid = '4000000000'");
  CHECK(Word(NumberLeaves(studio.database).status()) == "AUDIT_POSITION_AHEAD");
  studio.AsAdministrator("DELETE FROM audit_position");
  CHECK_FALSE(NumberLeaves(studio.database).ok());
}

TEST_CASE("rows from before there was a log are in it") {
  Studio studio;
  studio.AsAdministrator(
      "ALTER TABLE audit DISABLE TRIGGER audit_row_has_a_leaf;"
      "INSERT INTO audit (at, client, actor, action, transfer, result, detail, leaf)"
      " VALUES ('2026-01-01Z', 'c', 'a', 'old', '', 'ok', '{}', audit_leaf_of('2026-01-01Z', 'c', 'a', 'old', '', "
      "'ok', '{}'))");
  CHECK(studio.Number() == 1);
  CHECK(studio.Leaves("client/c").size() == 1);
}

}  // namespace
}  // namespace crossdock::orchestrator::audit
