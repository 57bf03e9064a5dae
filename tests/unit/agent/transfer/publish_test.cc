// Publishing and its crashes: whatever step the program dies at, the next start finishes it, and the package is there
// once, whole.
#include "agent/transfer/publish.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

struct Crash {};

// Never the same time twice.
class TickingClock : public base::Clock {
 public:
  base::Instant Now() const override { return base::Instant(std::chrono::seconds(++ticks_)); }
  base::Steady MonotonicNow() const override { return {}; }

 private:
  mutable int ticks_ = 0;
};

// The program dies before the call whose turn has come.
class DyingCalls : public SystemFileCalls {
 public:
  std::optional<int> left;  // calls until then
  bool nfs = false;         // knows neither RENAME_NOREPLACE nor links

  ssize_t Write(int fd, const void* bytes, size_t size) override {
    Live();
    return SystemFileCalls::Write(fd, bytes, size);
  }
  int Sync(int fd) override {
    Live();
    return SystemFileCalls::Sync(fd);
  }
  int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
    Live();
    if (nfs) return errno = EINVAL, -1;
    return SystemFileCalls::RenameNoReplace(from_dir, from, to_dir, to);
  }
  int Link(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
    Live();
    return SystemFileCalls::Link(from_dir, from, to_dir, to);
  }

 private:
  void Live() {
    if (left && --*left < 0) throw Crash();
  }
};

// A volume with a complete package in staging.
class Staged {
 public:
  explicit Staged(wire::PackageForm form) {
    tree.Write("v/" + staging + "/data/a.exr", "alpha");
    tree.Write("v/" + staging + "/data/sub/b.exr", "beta");
    volume = *Volume::Open("proj", tree.at("v"), {}, calls);
    struct stat info {};
    REQUIRE(stat(tree.at("v/" + staging + "/data").c_str(), &info) == 0);
    journal.transfer = "t-1";
    journal.agent = "van-1";
    journal.epoch = {1, 7};
    journal.form = form;
    journal.destination = "in/sh010";
    journal.listing_digest = std::string(32, 'l');
    journal.files = 2;
    journal.bytes = 9;
    journal.data_inode = info.st_ino;
  }

  absl::StatusOr<PublishJournal> PublishIt() {
    const base::UniqueFd directory(open(tree.at("v/" + staging).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return Publish(*volume, directory.get(), journal, commit, clock);
  }
  // As at the start of the program: every journal that is left. Says how many receipts were made.
  int Recover() {
    int receipts = 0;
    const auto pending = RecoverPublishes(*volume, "van-1");
    REQUIRE(pending.ok());
    for (const PendingPublish& each : *pending) {
      const auto done = FinishPublish(
          *volume, each, commit,
          [&](const PublishJournal&) {
            ++receipts;
            return absl::OkStatus();
          },
          clock);
      INFO(done.status());
      REQUIRE(done.ok());
    }
    return receipts;
  }
  bool AtItsPlace() const {
    return tree.Read("v/in/sh010/a.exr") == "alpha" && tree.Read("v/in/sh010/sub/b.exr") == "beta";
  }

  test::TempTree tree;
  TickingClock clock;
  DyingCalls calls;
  std::unique_ptr<Volume> volume;
  const std::string staging = ".crossdock/t-1/van-1-1.7";
  PublishJournal journal;
  int asked = 0;
  CommitVerdict verdict = CommitVerdict::kPublish;
  const CommitCallback commit = [this] {
    ++asked;
    return verdict;
  };
};

TEST_CASE("a publish that dies at any step is finished by the next start, once and whole") {
  const auto form = GENERATE(wire::PackageForm::kDirectory, wire::PackageForm::kFiles);
  const bool nfs = GENERATE(false, true);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 100);
    Staged staged(form);
    staged.calls.nfs = nfs;
    staged.calls.left = steps;
    died = false;
    try {
      const absl::Status status = staged.PublishIt().status();
      CHECK(status.ok());
    } catch (const Crash&) {
      died = true;
    }
    staged.calls.left.reset();
    INFO("died at step " << steps << " of form " << static_cast<int>(form) << (nfs ? " on NFS" : ""));
    const bool journal = staged.tree.Exists("v/" + staged.staging + "/journal");
    // Without a journal nothing was asked and nothing has moved; with one, one receipt comes of it.
    CHECK(staged.Recover() == (journal ? 1 : 0));
    CHECK(staged.AtItsPlace() == journal);
    CHECK(staged.tree.Exists("v/" + staged.staging) != journal);
    CHECK((staged.asked > 0) == journal);
    CHECK(staged.Recover() == 0);
  }
  CHECK(steps > 6);
}

TEST_CASE("a finish that dies at any step is finished by the next") {
  const auto form = GENERATE(wire::PackageForm::kDirectory, wire::PackageForm::kFiles);
  for (int steps = 0, died = 1; died != 0; ++steps) {
    REQUIRE(steps < 100);
    Staged staged(form);
    staged.calls.left = 3;  // with the journal just made durable, before the answer is
    CHECK_THROWS_AS(staged.PublishIt(), Crash);
    staged.calls.left = steps;
    died = 0;
    try {
      staged.Recover();
    } catch (const Crash&) {
      died = 1;
    }
    staged.calls.left.reset();
    staged.Recover();
    INFO("died at step " << steps);
    CHECK(staged.AtItsPlace());
  }
}

TEST_CASE("the journal goes before the staged tree, without which it could not be finished") {
  Staged staged(wire::PackageForm::kFiles);
  staged.calls.left = 3;
  CHECK_THROWS_AS(staged.PublishIt(), Crash);
  staged.calls.left.reset();
  const auto pending = RecoverPublishes(*staged.volume, "van-1");
  REQUIRE(pending->size() == 1);
  const auto published = [&](const PublishJournal&) {
    staged.calls.left = 0;
    return absl::OkStatus();
  };
  CHECK_THROWS_AS((void)FinishPublish(*staged.volume, pending->front(), staged.commit, published, staged.clock), Crash);
  CHECK_FALSE(staged.tree.Exists("v/" + staged.staging + "/journal"));
  CHECK(staged.tree.Exists("v/" + staged.staging + "/data/a.exr"));
}

TEST_CASE("what a receipt is made of is the same when it is made again, and the package is not looked at again") {
  Staged staged(wire::PackageForm::kDirectory);
  staged.calls.left = 3;
  CHECK_THROWS_AS(staged.PublishIt(), Crash);
  staged.calls.left.reset();
  std::vector<PublishJournal> made;
  const auto published = [&](const PublishJournal& journal) {
    made.push_back(journal);
    // As if the program died before the receipt was on disk, once.
    return made.size() == 1 ? base::Unavailable("died") : absl::OkStatus();
  };
  const auto finish = [&] {
    const auto pending = RecoverPublishes(*staged.volume, "van-1");
    REQUIRE(pending->size() == 1);
    return FinishPublish(*staged.volume, pending->front(), staged.commit, published, staged.clock).status();
  };
  CHECK_FALSE(finish().ok());
  CHECK(staged.AtItsPlace());
  // Its people have taken it elsewhere meanwhile.
  std::filesystem::rename(staged.tree.at("v/in/sh010"), staged.tree.at("v/in/elsewhere"));
  CHECK(finish().ok());
  REQUIRE(made.size() == 2);
  CHECK(made[0] == made[1]);
  CHECK(made[0].ended_us > 0);
  CHECK_FALSE(staged.tree.Exists("v/.crossdock/t-1"));
}

TEST_CASE("an empty directory that a crash left on NFS is taken for the package's own") {
  Staged staged(wire::PackageForm::kDirectory);
  staged.calls.nfs = true;
  staged.journal.phase = PublishPhase::kCommitted;
  std::filesystem::create_directories(staged.tree.at("v/in/sh010"));
  CHECK(staged.PublishIt().ok());
  CHECK(staged.AtItsPlace());
  CHECK(staged.asked == 0);
}

TEST_CASE("a directory that somebody made at the package's place meanwhile is not replaced") {
  Staged staged(wire::PackageForm::kDirectory);
  staged.calls.nfs = GENERATE(false, true);
  staged.tree.Write("v/in/sh010/other.exr", "other");
  CHECK(base::ReasonOf(staged.PublishIt().status()) == "DESTINATION_EXISTS");
  CHECK(staged.tree.Read("v/in/sh010/other.exr") == "other");
}

TEST_CASE("a fenced publish leaves no journal and moves nothing") {
  Staged staged(wire::PackageForm::kDirectory);
  staged.verdict = CommitVerdict::kFenced;
  CHECK(base::ReasonOf(staged.PublishIt().status()) == "COMMIT_FENCED");
  CHECK(staged.Recover() == 0);
  CHECK_FALSE(staged.tree.Exists("v/in/sh010"));
  CHECK(staged.tree.Exists("v/" + staged.staging + "/data/a.exr"));
}

TEST_CASE("another agent's journal is left to it") {
  Staged staged(wire::PackageForm::kDirectory);
  staged.calls.left = 3;
  CHECK_THROWS_AS(staged.PublishIt(), Crash);
  staged.calls.left.reset();
  CHECK(RecoverPublishes(*staged.volume, "van-2")->empty());
  CHECK(RecoverPublishes(*staged.volume, "van-1")->size() == 1);
}

}  // namespace
}  // namespace crossdock::agent
