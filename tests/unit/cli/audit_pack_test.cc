// What an auditor's pack proves: each way to falsify a log is found, with the first bad number.
#include "cli/audit_pack.h"

#include <sys/stat.h>

#include <filesystem>

#include "catch2/catch.hpp"
#include "cli/audit_controls.h"
#include "cli/audit_event.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "tests/support/temp_tree.h"

namespace crossdock::cli {
namespace {

using transparency::Hash;

constexpr char kOrigin[] = "test.studio/audit/client/c";

base::PrivateKey KeyOf(char seed) { return *base::PrivateKey::FromSeed(std::string(32, seed)); }

// A log of twenty leaves with checkpoints at 5, 10, 15 and 20, as an export has it.
struct Log {
  explicit Log(int count = 20) {
    for (int i = 0; i < count; ++i) leaves.push_back(base::StrCat(R"({"v":1,"action":"event.)", i, "\"}\n"));
  }
  Hash Root(size_t size) const {
    transparency::TreeHead head;
    for (size_t i = 0; i < size; ++i) head.Append(transparency::LeafHash(leaves[i]));
    return head.Root();
  }
  std::string Note(size_t size, char key = 'l') const {
    return transparency::SignCheckpoint({kOrigin, size, Root(size)}, KeyOf(key)).Format();
  }
  // As the log stands now: whoever changed it signed it again, if he has the key.
  void Export(const test::TempTree& to) const {
    std::string all, lines, hashes;
    for (size_t size = 5; size <= leaves.size(); size += 5) all += Note(size) + "\n";
    for (const std::string& leaf : leaves) {
      lines += leaf;
      hashes += base::ToHex(transparency::BytesOf(transparency::LeafHash(leaf))) + "\n";
    }
    to.Write("about.txt", AuditAbout{"client/c", kOrigin, 0, leaves.size(), leaves.size()}.Format());
    to.Write("checkpoint.txt", Note(leaves.size()));
    to.Write("checkpoints.txt", all);
    to.Write("leaves.jsonl", lines);
    to.Write("hashes.txt", hashes);
    to.Write("proof.txt", "");
    to.Write("log.key",
             transparency::NoteKey{kOrigin, transparency::NoteKeyType::kEd25519, KeyOf('l').Public()}.Format() + "\n");
  }

  std::vector<std::string> leaves;
};

struct Found {
  std::string reason;
  uint64_t first_bad = 0;
  bool operator==(const Found&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << found.reason << ' ' << found.first_bad;
}

std::vector<Found> Verify(const test::TempTree& pack, std::vector<std::string> against = {}) {
  const auto verdict = VerifyPack({pack.root(), "", 0, "", std::move(against)}, base::Instant());
  INFO(verdict.status());
  REQUIRE(verdict.ok());
  std::vector<Found> found;
  for (const auto& each : verdict->findings) found.push_back({each.reason, each.first_bad});
  return found;
}

std::string Refused(const test::TempTree& pack, std::vector<std::string> against = {}, const std::string& key = "") {
  return base::ReasonOf(VerifyPack({pack.root(), key, 0, "", std::move(against)}, base::Instant()).status());
}

TEST_CASE("a log that is what was signed is sound") {
  test::TempTree pack;
  Log log;
  log.Export(pack);
  CHECK(Verify(pack).empty());
  test::TempTree witness;
  witness.Write("note", log.Note(15));
  CHECK(Verify(pack, {witness.at("note")}).empty());
}

TEST_CASE("T-40: an edited or deleted leaf is named by its number") {
  test::TempTree pack;
  const Log log;
  log.Export(pack);
  Log changed = log;
  SECTION("edited") {
    changed.leaves[7][3] = '2';
    pack.Write("leaves.jsonl", "");
    std::string lines;
    for (const std::string& leaf : changed.leaves) lines += leaf;
    pack.Write("leaves.jsonl", lines);
    CHECK(Verify(pack) == std::vector<Found>{{"LEAF_CHANGED", 7}});
  }
  SECTION("deleted") {
    changed.leaves.erase(changed.leaves.begin() + 12);
    std::string lines;
    for (const std::string& leaf : changed.leaves) lines += leaf;
    pack.Write("leaves.jsonl", lines);
    CHECK(Verify(pack).front() == Found{"LEAF_CHANGED", 12});
  }
  SECTION("the last ones missing") {
    std::string lines;
    for (int i = 0; i < 18; ++i) lines += log.leaves[static_cast<size_t>(i)];
    pack.Write("leaves.jsonl", lines);
    CHECK(Verify(pack) == std::vector<Found>{{"LEAVES_MISSING", 18}});
  }
  SECTION("the last ones missing, and their hashes with them") {
    std::string lines, hashes;
    for (size_t i = 0; i < 18; ++i) {
      lines += log.leaves[i];
      hashes += base::ToHex(transparency::BytesOf(transparency::LeafHash(log.leaves[i]))) + "\n";
    }
    pack.Write("leaves.jsonl", lines);
    pack.Write("hashes.txt", hashes);
    CHECK(Verify(pack) == std::vector<Found>{{"LEAVES_MISSING", 18}});
  }
  SECTION("one more than was signed") {
    std::string lines;
    for (const std::string& leaf : log.leaves) lines += leaf;
    pack.Write("leaves.jsonl", lines + "{}\n");
    CHECK(Verify(pack) == std::vector<Found>{{"LEAVES_UNSIGNED", 20}});
  }
  SECTION("edited, and its hash with it: the checkpoints around it say where") {
    changed.leaves[7][3] = '2';
    changed.Export(pack);
    std::string all;
    for (size_t size = 5; size <= 20; size += 5) all += log.Note(size) + "\n";
    pack.Write("checkpoints.txt", all);
    pack.Write("checkpoint.txt", log.Note(20));
    const auto verdict = VerifyPack({pack.root(), "", 0, "", {}}, base::Instant());
    REQUIRE(verdict.ok());
    CHECK(verdict->findings.front().first_bad == 5);
    CHECK(verdict->findings.front().last_bad == 9);
  }
}

TEST_CASE("T-40: a log that was sealed again, forked or truncated contradicts what a witness holds") {
  test::TempTree pack, witness;
  const Log log;
  witness.Write("note", log.Note(15));
  SECTION("sealed again, with the log's own key") {
    Log forged = log;
    forged.leaves[11][3] = '2';
    forged.Export(pack);
    CHECK(Verify(pack).empty());  // alone it cannot be seen
    CHECK(Verify(pack, {witness.at("note")}) == std::vector<Found>{{"CHECKPOINT_CONTRADICTED", 0}});
    // An older note that agrees narrows it, and an earlier export names the leaf.
    witness.Write("older", log.Note(10));
    CHECK(Verify(pack, {witness.at("older"), witness.at("note")}) ==
          std::vector<Found>{{"CHECKPOINT_CONTRADICTED", 10}});
    test::TempTree earlier;
    log.Export(earlier);
    CHECK(Verify(pack, {earlier.root()}) == std::vector<Found>{{"CHECKPOINT_CONTRADICTED", 11}});
  }
  SECTION("truncated and sealed again") {
    Log(10).Export(pack);
    CHECK(Verify(pack).empty());
    CHECK(Verify(pack, {witness.at("note")}) == std::vector<Found>{{"LOG_TRUNCATED", 10}});
  }
  SECTION("truncated, and what is left is another one: an earlier export names the leaf") {
    test::TempTree earlier;
    log.Export(earlier);
    Log forged(10);
    forged.leaves[3][3] = '2';
    forged.Export(pack);
    CHECK(Verify(pack, {earlier.root()}) == std::vector<Found>{{"CHECKPOINT_CONTRADICTED", 3}});
  }
  SECTION("what an agent sent when it refused is in the export, and enough") {
    Log(10).Export(pack);
    std::filesystem::create_directory(pack.at("held"));
    pack.Write("held/van-1.note", log.Note(15));
    CHECK(Verify(pack) == std::vector<Found>{{"LOG_TRUNCATED", 10}});
  }
  SECTION("a note of another log says nothing of this one") {
    log.Export(pack);
    witness.Write("other",
                  transparency::SignCheckpoint({"test.studio/audit/studio", 3, log.Root(3)}, KeyOf('l')).Format());
    CHECK(Verify(pack, {witness.at("other"), witness.at("note")}).empty());
    CHECK(Refused(pack, {witness.at("other")}) == "PACK_OTHER_LOG");
  }
  SECTION("sealed with another key") {
    log.Export(pack);
    pack.Write("checkpoint.txt", log.Note(20, 'x'));
    CHECK(Verify(pack).front().reason == "CHECKPOINT_UNSIGNED");
  }
}

TEST_CASE("T-41: a pack that leaves one event out is found, however it counts") {
  test::TempTree pack;
  const Log log;
  log.Export(pack);
  std::string lines, hashes;
  for (size_t i = 0; i < 20; ++i) {
    if (i == 9) continue;
    lines += log.leaves[i];
    hashes += base::ToHex(transparency::BytesOf(transparency::LeafHash(log.leaves[i]))) + "\n";
  }
  pack.Write("leaves.jsonl", lines);
  pack.Write("hashes.txt", hashes);
  // Between the checkpoints of 5, which agrees, and of 10.
  CHECK(Verify(pack) == std::vector<Found>{{"LEAF_CHANGED", 5}});
  pack.Write("about.txt", AuditAbout{"client/c", kOrigin, 0, 19, 20}.Format());
  CHECK(Verify(pack) == std::vector<Found>{{"LEAF_CHANGED", 5}});
  pack.Write("about.txt", AuditAbout{"client/c", kOrigin, 0, 19, 19}.Format());
  CHECK(Verify(pack) == std::vector<Found>{{"LEAF_CHANGED", 5}});
}

TEST_CASE("one log is not shown for another, though one key signs both") {
  // The checkpoint of client b, its signature line relabelled with the name that the auditor looks for.
  constexpr char kOther[] = "test.studio/audit/client/b";
  test::TempTree pack;
  const Log log;
  log.Export(pack);
  const transparency::NoteKey key{kOrigin, transparency::NoteKeyType::kEd25519, KeyOf('l').Public()};
  transparency::Note note = transparency::SignCheckpoint({kOther, 20, log.Root(20)}, KeyOf('l'));
  note.signatures.front().name = kOrigin;
  note.signatures.front().key_id = key.Id();
  pack.Write("checkpoint.txt", note.Format());
  CHECK(Verify(pack).front().reason == "CHECKPOINT_UNSIGNED");
  pack.Write("about.txt", AuditAbout{"client/c", kOther, 0, 20, 20}.Format());
  CHECK(Refused(pack, {}, key.Format()) == "PACK_OTHER_LOG");
  // Nor is it called by another name than it signs under.
  log.Export(pack);
  pack.Write("about.txt", AuditAbout{"client/b", kOrigin, 0, 20, 20}.Format());
  CHECK(Refused(pack) == "PACK_OTHER_LOG");
}

TEST_CASE("what is not an export is refused with what is wrong") {
  const auto word = [](const absl::Status& status) { return base::ReasonOf(status); };
  CHECK(word(AuditAbout::Parse("log: x\n").status()) == "PACK_MALFORMED");
  const auto about = [&](std::string_view numbers) {
    return word(AuditAbout::Parse(base::StrCat("crossdock/audit-export/v1\nlog: c\norigin: o\n", numbers)).status());
  };
  CHECK(about("first: 3\nend: 2\nsize: 5\n") == "PACK_MALFORMED");
  CHECK(about("first: 2\nend: 2\nsize: 5\n") == "PACK_MALFORMED");  // no leaf is no proof
  CHECK(about("first: 0\nend: 6\nsize: 5\n") == "PACK_MALFORMED");
  CHECK(about("first: 0\nend: 1\nsize: 9223372036854775808\n") == "PACK_MALFORMED");
  CHECK(about("first: 0\nend: 1\nsize: 18446744073709551616\n") == "PACK_MALFORMED");
  CHECK(about("first: 1\nend: 2\nsize: 5\n").empty());
  CHECK(word(ParseProof("1 left zz\n").status()) == "PACK_MALFORMED");
  CHECK(word(ParseProof("01 left " + std::string(64, 'a') + "\n").status()) == "PACK_MALFORMED");
  CHECK(ParseProof("1 left " + std::string(64, 'a') + "\n")->size() == 1);
}

TEST_CASE("files that would hang, swamp or mislead who verifies them are refused") {
  test::TempTree pack;
  const Log log;
  log.Export(pack);
  SECTION("a pipe in a leaf file's place") {
    std::filesystem::remove(pack.at("leaves.jsonl"));
    REQUIRE(::mkfifo(pack.at("leaves.jsonl").c_str(), 0600) == 0);
    CHECK(Refused(pack) == "PACK_MALFORMED");
  }
  SECTION("a link out of the pack") {
    std::filesystem::remove(pack.at("log.key"));
    std::filesystem::create_symlink("/dev/zero", pack.at("log.key"));
    CHECK(Refused(pack) == "PACK_MALFORMED");
  }
  SECTION("a line without an end") {
    pack.Write("hashes.txt", std::string(100'000, 'a'));
    CHECK(Refused(pack) == "PACK_TOO_LARGE");
  }
  SECTION("more leaves than are verified at once") {
    pack.Write("about.txt", AuditAbout{"client/c", kOrigin, 0, 1u << 30, 1u << 30}.Format());
    CHECK(Refused(pack) == "PACK_TOO_LARGE");
  }
  SECTION("checkpoints that do not rise, so that each costs the whole tree again") {
    pack.Write("checkpoints.txt", log.Note(10) + "\n" + log.Note(5) + "\n");
    CHECK(Refused(pack) == "PACK_MALFORMED");
  }
  SECTION("a checkpoint that is cut off") {
    pack.Write("checkpoints.txt", log.Note(10));
    CHECK(Refused(pack) == "PACK_MALFORMED");
  }
  SECTION("no leaves at all") {
    std::filesystem::remove(pack.at("leaves.jsonl"));
    CHECK(Refused(pack) == "PACK_MALFORMED");
  }
}

TEST_CASE("T-43: a cell is never a formula, nor more than a cell") {
  CHECK(CsvCell("=1+1") == "\"'=1+1\"");
  for (const char* formula : {"+1", "-1", "@a", "\t=1", "\r=1", "\n=1", "|a", "%a"}) CHECK(CsvCell(formula)[1] == '\'');
  CHECK(CsvCell("\xef\xbc\x9d"
                "1")[1] == '\'');
  CHECK(CsvCell("say \"no\"\n\x1b[31m") == "\"say \"\"no\"\"  [31m\"");
  CHECK(
      CsvLine(EventOfLeaf(
          7,
          R"({"v":1,"at":"t","client":"c","actor":"=a","action":"x","transfer":"","result":"ok","detail":{"a": 1}})")) ==
      "7,\"t\",\"c\",\"'=a\",\"x\",\"\",\"ok\",\"{\"\"a\"\":1}\"\n");
  CHECK(CsvLine(EventOfLeaf(8, "no json")) == "8,\"\",\"\",\"\",\"\",\"\",\"\",\"no json\"\n");
}

TEST_CASE("T-43: a line for a log collector is one line, whatever an event says") {
  CHECK(SyslogLine(EventOfLeaf(
            7, R"({"v":1,"at":"2026-11-21T12:00:00.000000Z","client":"c","actor":"a\"]\nx","action":"approval.given",)"
               R"("transfer":"t-1","result":"ok","detail":{"a": 1}})")) ==
        "<109>1 2026-11-21T12:00:00.000000Z - crossdock - approval.given [audit@32473 number=\"7\" client=\"c\" "
        "actor=\"a\\\"\\]%0Ax\" action=\"approval.given\" transfer=\"t-1\" result=\"ok\"] \xef\xbb\xbf{\"a\":1}\n");
  // What needs somebody at once, and a name that fits no header.
  CHECK(SyslogLine({1, "", "", "", "audit.rewritten", "", "", "{}"})
            .starts_with("<105>1 - - crossdock - audit.rewritten ["));
  CHECK(SyslogLine({1, "t", "", "", "a b\n" + std::string(40, 'c'), "", "", ""})
            .starts_with("<109>1 t - crossdock - a_b_" + std::string(28, 'c') + " ["));
}

TEST_CASE("events are grouped by the controls under which they are evidence", "[cli][audit]") {
  ControlSummary summary;
  const auto add = [&](uint64_t number, std::string_view at, std::string_view action) {
    summary.Add({number, std::string(at), "c", "a", std::string(action), "", "ok", ""});
  };
  add(3, "2026-01-01T00:00:00Z", "transfer.requested");
  add(4, "2026-01-02T00:00:00Z", "staging.cleaned");
  add(7, "2026-01-03T00:00:00Z", "transfer.closed");
  add(8, "2026-01-04T00:00:00Z", "something.new");
  CHECK(summary.Csv() ==
        "control,events,first,first_at,last,last_at,actions\n"
        "\"OP-3.0\",2,3,\"2026-01-01T00:00:00Z\",7,\"2026-01-03T00:00:00Z\",\"transfer.closed transfer.requested\"\n"
        "\"OP-3.2\",1,4,\"2026-01-02T00:00:00Z\",4,\"2026-01-02T00:00:00Z\",\"staging.cleaned\"\n"
        "\"TS-1.16\",3,3,\"2026-01-01T00:00:00Z\",7,\"2026-01-03T00:00:00Z\",\"staging.cleaned transfer.closed "
        "transfer.requested\"\n"
        "\"TS-1.5\",1,8,\"2026-01-04T00:00:00Z\",8,\"2026-01-04T00:00:00Z\",\"something.new\"\n");
}

}  // namespace
}  // namespace crossdock::cli
