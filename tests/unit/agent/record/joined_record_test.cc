// The integrity record of a directory that a package joins: over whole attempts, checked as `crossdock mhl verify`
// does.
#include <algorithm>

#include "agent/record/record_files.h"
#include "catch2/catch.hpp"
#include "lib/mhl/read.h"
#include "tests/support/landing_pair.h"
#include "tests/unit/mhl/memory_tree.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;
using mhl::Action;
using mhl::HashFormat;
using Strings = std::vector<std::string>;

mhl::MemoryTree Load(const std::string& root) {
  mhl::MemoryTree tree;
  for (const auto& file : fs::recursive_directory_iterator(root)) {
    if (file.is_regular_file()) {
      tree.files[fs::relative(file.path(), root).native()] = *base::ReadFile(file.path().native());
    }
  }
  return tree;
}

// A directory at the destination with a file of its own, and a package that joins it.
class JoiningPair : public LandingPair {
 public:
  JoiningPair() {
    record = {"van", "1.0", "transfer t-1, site lon to site van", {HashFormat::kXxh128}};
    merge = Merge::kVisible;
    Write(Destination("old.exr"), "old");
    Write(Source("exr/new.exr"), "new");
    Write(Source("note.txt"), "n");
  }
  // One more generation of whole trees, as `crossdock mhl create` writes it.
  void RecordAt(const std::string& root) const {
    mhl::MemoryTree tree = Load(root);
    REQUIRE(tree.Append().ok());
    for (const auto& [path, content] : tree.files) Write(root + "/" + path, content);
  }
  Strings Verified(const std::string& below = "") const {
    mhl::MemoryTree tree = Load(Destination(below));
    const auto checked = tree.Check();
    if (!checked.ok()) return {std::string(base::ReasonOf(checked.status()))};
    return mhl::Told(checked->problems);
  }
  mhl::Chain Chain(const std::string& below = "") const {
    return *mhl::ReadChain(*base::ReadFile(Destination(below + "ascmhl/ascmhl_chain.xml")), "chain");
  }
  mhl::Manifest Last(const std::string& below = "") const {
    return *mhl::ReadManifest(*base::ReadFile(Destination(below + "ascmhl/" + Chain(below).back().path)), "manifest");
  }
  bool MarkerIsGone() const { return !fs::exists(Destination(".crossdock-incomplete")); }
};

TEST_CASE("what joins a directory with a history is its next generation, and all of it verifies", "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.Destination(""));
  const std::string first = *base::ReadFile(pair.Destination("ascmhl/" + pair.Chain()[0].path));
  const auto outcome = pair.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(pair.Verified() == Strings{});
  REQUIRE(pair.Chain().size() == 2);
  CHECK(*base::ReadFile(pair.Destination("ascmhl/" + pair.Chain()[0].path)) == first);
  const mhl::Manifest last = pair.Last();
  CHECK(last.process == mhl::Process::kTransfer);
  CHECK(last.creator.comment == "transfer t-1, site lon to site van");
  REQUIRE(last.files.size() == 2);
  CHECK(last.files[0].path == "exr/new.exr");
  CHECK(last.files[0].hashes[0].action == Action::kOriginal);
  CHECK(last.root.empty());
  CHECK(last.directories.empty());
  CHECK(pair.MarkerIsGone());
  CHECK(pair.StagingIsEmpty());
}

TEST_CASE("what joins a directory without a history begins one, in which nothing is said of the rest", "[record]") {
  JoiningPair pair;
  REQUIRE(pair.Run().received.ok());
  CHECK(pair.Chain().size() == 1);
  CHECK(pair.Last().files.size() == 2);
  CHECK(pair.Verified() == Strings{"old.exr: MHL_FILE_UNKNOWN"});
}

TEST_CASE("a damaged history stops what would join it, and nothing changes", "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.Destination(""));
  const std::string chain = pair.Destination("ascmhl/ascmhl_chain.xml");
  SECTION("the manifest") { pair.Write(pair.Destination("ascmhl/" + pair.Chain()[0].path), "<x/>"); }
  SECTION("the chain is gone") { fs::remove(chain); }
  SECTION("a manifest that no chain has") { pair.Write(pair.Destination("ascmhl/0002_x.mhl"), "x"); }
  const auto outcome = pair.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "RECORD_INVALID");
  CHECK(base::ToStd(outcome.received.status().message()).find("'in/sh010'") != std::string::npos);
  CHECK_FALSE(fs::exists(pair.Destination("note.txt")));
  CHECK(pair.MarkerIsGone());
}

TEST_CASE("a file that is replaced begins anew in the record, and verifies as what it is now", "[record]") {
  JoiningPair pair;
  pair.Write(pair.Destination("note.txt"), "before");
  pair.RecordAt(pair.Destination(""));
  pair.replace = true;
  const auto outcome = pair.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(*base::ReadFile(pair.Destination("note.txt")) == "n");
  const mhl::FileRecord note = pair.Last().files.back();
  CHECK(note.path == "note.txt");
  CHECK(note.replaced);
  CHECK(note.hashes[0].action == Action::kOriginal);
  CHECK(pair.Verified() == Strings{});
  pair.Write(pair.Destination("note.txt"), "before");
  CHECK(pair.Verified() == Strings{"note.txt: MHL_HASH_MISMATCH"});
}

TEST_CASE("a file that the history knows as another does not take its name unasked", "[record]") {
  JoiningPair pair;
  pair.Write(pair.Destination("note.txt"), "before");
  pair.RecordAt(pair.Destination(""));
  fs::remove(pair.Destination("note.txt"));
  CHECK(base::ReasonOf(pair.Run().received.status()) == "RECORD_MISMATCH");
  CHECK_FALSE(fs::exists(pair.Destination("exr")));
}

TEST_CASE("of two records of one folder the destination's goes on, and the package's is checked", "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.Destination(""));
  pair.RecordAt(pair.Source(""));
  SECTION("what came is as the package's record says") {
    const auto outcome = pair.Run();
    INFO(outcome.received.status());
    REQUIRE(outcome.received.ok());
    CHECK(pair.Chain().size() == 2);
    CHECK(pair.Verified() == Strings{});
    CHECK(pair.Run().received->already_present);
    CHECK(pair.Chain().size() == 2);
  }
  SECTION("it is not") {
    pair.Write(pair.Source("note.txt"), "m");
    const auto outcome = pair.Run();
    CHECK(base::ReasonOf(outcome.received.status()) == "RECORD_MISMATCH");
    CHECK(base::ToStd(outcome.received.status().message()).find("at the source") != std::string::npos);
    CHECK_FALSE(fs::exists(pair.Destination("note.txt")));
  }
}

TEST_CASE("a record that comes into a directory without one is continued there", "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.Source(""));
  REQUIRE(pair.Run().received.ok());
  CHECK(pair.Chain().size() == 2);
  CHECK(pair.Last().files[0].hashes[0].action == Action::kVerified);
  CHECK(pair.Verified() == Strings{"old.exr: MHL_FILE_UNKNOWN"});
}

TEST_CASE("a history inside of the directory gets what comes into its folder, and the outer one refers to it",
          "[record]") {
  JoiningPair pair;
  pair.Write(pair.Destination("exr/old.exr"), "old");
  pair.RecordAt(pair.Destination("exr"));
  pair.RecordAt(pair.Destination(""));
  const auto outcome = pair.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(pair.Last("exr/").files.size() == 1);
  CHECK(pair.Last().files.size() == 1);
  CHECK(pair.Last().references.size() == 1);
  CHECK(pair.Verified() == Strings{});
}

TEST_CASE("a directory that belongs to the record of one above keeps belonging to it", "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.tree.at("b/in"));
  REQUIRE(pair.Run().received.ok());
  CHECK(fs::exists(pair.Destination("note.txt")));
  CHECK_FALSE(fs::exists(pair.Destination("ascmhl")));
}

TEST_CASE("named files are recorded in their directory", "[record]") {
  JoiningPair pair;
  pair.source.files = {"note.txt"};
  SECTION("that has a history") {
    pair.RecordAt(pair.Destination(""));
    REQUIRE(pair.Run().received.ok());
    CHECK(pair.Chain().size() == 2);
    CHECK(pair.Verified() == Strings{});
  }
  SECTION("that they make") {
    fs::remove_all(pair.Destination(""));
    REQUIRE(pair.Run().received.ok());
    CHECK(pair.Chain().size() == 1);
    CHECK(pair.Verified() == Strings{});
  }
}

TEST_CASE("a single file is recorded where its directory has a history, and begins none", "[record]") {
  JoiningPair pair;
  fs::remove_all(pair.Source(""));
  fs::remove_all(pair.Destination(""));
  pair.Write(pair.tree.at("a/shots/sh010"), "movie");
  pair.Write(pair.tree.at("b/in/old.mov"), "old");
  SECTION("it has one") {
    pair.RecordAt(pair.tree.at("b/in"));
    const auto outcome = pair.Run();
    INFO(outcome.received.status());
    REQUIRE(outcome.received.ok());
    mhl::MemoryTree tree = Load(pair.tree.at("b/in"));
    CHECK(tree.Check()->problems.empty());
    CHECK(tree.Check()->files == 2);
    CHECK_FALSE(fs::exists(pair.tree.at("b/in/.crossdock-incomplete")));
  }
  SECTION("it has none") {
    REQUIRE(pair.Run().received.ok());
    CHECK_FALSE(fs::exists(pair.tree.at("b/in/ascmhl")));
  }
}

TEST_CASE("a directory that is joined before the commit and changed after it is recorded with what is there then",
          "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.Destination(""));
  pair.on_commit = [&] {
    // Another transfer's tree takes its place.
    const std::string aside = pair.tree.at("b/in/aside");
    fs::rename(pair.Destination(""), aside);
    fs::copy(aside, pair.Destination(""), fs::copy_options::recursive);
    fs::remove_all(aside);
    pair.Write(pair.Destination("late.exr"), "late");
    pair.RecordAt(pair.Destination(""));
  };
  const auto outcome = pair.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(pair.Chain().size() == 3);
  CHECK(pair.Verified() == Strings{});
}

TEST_CASE("after a crash the generation is made once, from what staging holds", "[record]") {
  JoiningPair pair;
  pair.RecordAt(pair.Destination(""));
  pair.verdict = absl::UnavailableError("no answer");
  CHECK(base::ReasonOf(pair.Run().received.status()) == "COMMIT_UNKNOWN");
  auto pending = RecoverPublishes(*pair.to, "van-1");
  REQUIRE(pending.ok());
  REQUIRE(pending->size() == 1);
  const auto yes = [] { return absl::StatusOr<CommitVerdict>(CommitVerdict::kPublish); };
  const bool twice = GENERATE(false, true);
  if (twice) {
    const auto stop = [](const PublishJournal&) { return absl::InternalError("the power went"); };
    CHECK_FALSE(FinishPublish(*pair.to, pending->front(), yes, stop, pair.clock).ok());
    // As if the journal's last word had been lost with it.
    pending->front().journal = RecoverPublishes(*pair.to, "van-1")->front().journal;
    pending->front().journal.phase = PublishPhase::kCommitted;
  }
  const auto done = FinishPublish(*pair.to, pending->front(), yes, nullptr, pair.clock);
  INFO(done.status());
  REQUIRE(done.ok());
  CHECK(pair.Chain().size() == 2);
  CHECK(pair.Last().files.size() == 2);
  CHECK(pair.Verified() == Strings{});
}

}  // namespace
}  // namespace crossdock::agent
