// Publishing and its crashes: whatever step the program dies at, the next start finishes it, and the package is there
// once, whole. On storage that knows every call, and on one that refuses what NFS refuses.
#include "agent/transfer/publish.h"

#include <fcntl.h>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/status.h"
#include "tests/support/staged_package.h"

namespace crossdock::agent {
namespace {

// Leaves a journal whose answer never came.
void DieBeforeTheAnswer(StagedPackage& staged) {
  staged.verdict = base::Unavailable("died");
  REQUIRE(base::ReasonOf(staged.PublishIt().status()) == "COMMIT_UNKNOWN");
  staged.verdict = CommitVerdict::kPublish;
}

// A package of one form at a free place.
class Package : public StagedPackage {
 public:
  explicit Package(wire::PackageForm form) {
    calls.nfs = GENERATE(false, true);
    journal.form = form;
    if (form == wire::PackageForm::kFile) {
      Stage({{"a.mov", "alpha"}});
      journal.destination = "in/a.mov";
    } else {
      Stage({{"a.exr", "alpha"}, {"sub/b.exr", "beta"}});
    }
  }
};

bool AtItsPlace(const StagedPackage& staged) {
  if (staged.journal.form == wire::PackageForm::kFile) return staged.tree.Read("v/in/a.mov") == "alpha";
  return staged.tree.Read("v/in/sh010/a.exr") == "alpha" && staged.tree.Read("v/in/sh010/sub/b.exr") == "beta";
}

TEST_CASE("a publish that dies at any step is finished by the next start, once and whole") {
  const auto form = GENERATE(wire::PackageForm::kDirectory, wire::PackageForm::kFiles, wire::PackageForm::kFile);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 100);
    Package staged(form);
    absl::Status status;
    died = staged.DiesAt(steps, [&] { status = staged.PublishIt().status(); });
    CHECK(status == absl::OkStatus());
    INFO("died at step " << steps << " of form " << static_cast<int>(form) << (staged.calls.nfs ? " on NFS" : ""));
    const bool journal = staged.HasJournal();
    // Without a journal nothing was asked and nothing has moved; with one, one receipt comes of it.
    CHECK(staged.Recover() == (journal ? 1 : 0));
    CHECK(AtItsPlace(staged) == journal);
    CHECK(staged.tree.Exists("v/" + staged.staging) != journal);
    CHECK((staged.asked > 0) == journal);
    CHECK(staged.Recover() == 0);
  }
  CHECK(steps > 10);
}

TEST_CASE("a finish that dies at any step is finished by the next") {
  const auto form = GENERATE(wire::PackageForm::kDirectory, wire::PackageForm::kFiles, wire::PackageForm::kFile);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 100);
    Package staged(form);
    DieBeforeTheAnswer(staged);
    died = staged.DiesAt(steps, [&] { staged.Recover(); });
    staged.Recover();
    INFO("died at step " << steps);
    CHECK(AtItsPlace(staged));
  }
  CHECK(steps > 10);
}

TEST_CASE("a publish that the storage fails at any step is finished when the storage is well again") {
  const auto form = GENERATE(wire::PackageForm::kDirectory, wire::PackageForm::kFiles, wire::PackageForm::kFile);
  const auto [error, reason] = GENERATE(table<int, std::string>({{EIO, "DESTINATION_WRITE_ERROR"},
                                                                 {ENOSPC, "DESTINATION_FULL"},
                                                                 {EDQUOT, "DESTINATION_QUOTA"},
                                                                 {EROFS, "DESTINATION_READ_ONLY"}}));
  int steps = 0;
  for (bool failed = true; failed; ++steps) {
    REQUIRE(steps < 100);
    Package staged(form);
    staged.FailsFrom(steps, error);
    const auto published = staged.PublishIt();
    failed = !published.ok();
    INFO("errno " << error << " from step " << steps << ": " << published.status());
    if (failed) CHECK(base::ReasonOf(published.status()) == reason);
    staged.calls.hook = nullptr;
    CHECK(staged.PublishIt().status() == absl::OkStatus());
    CHECK(AtItsPlace(staged));
  }
  CHECK(steps > 10);
}

TEST_CASE("the journal goes before the staged tree, without which it could not be finished") {
  Package staged(wire::PackageForm::kFile);
  DieBeforeTheAnswer(staged);
  const auto pending = RecoverPublishes(*staged.volume, "van-1");
  REQUIRE(pending->size() == 1);
  const auto published = [&](const PublishJournal&) {
    // The first to go is the last that goes.
    staged.calls.hook = [&, left = 1](Call call) mutable -> int {
      if (call == Call::kUnlink && left-- == 0) throw Crash();
      return 0;
    };
    return absl::OkStatus();
  };
  CHECK_THROWS_AS((void)FinishPublish(*staged.volume, pending->front(), staged.commit, published, staged.clock), Crash);
  CHECK_FALSE(staged.HasJournal());
  CHECK(staged.tree.Exists("v/" + staged.staging + "/data/a.mov"));
}

TEST_CASE("what a receipt is made of is the same when it is made again, and the package is not looked at again") {
  Package staged(wire::PackageForm::kDirectory);
  DieBeforeTheAnswer(staged);
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
  CHECK(AtItsPlace(staged));
  // Its people have taken it elsewhere meanwhile.
  std::filesystem::rename(staged.tree.at("v/in/sh010"), staged.tree.at("v/in/elsewhere"));
  CHECK(finish().ok());
  REQUIRE(made.size() == 2);
  CHECK(made[0] == made[1]);
  CHECK(made[0].ended_us > 0);
  CHECK_FALSE(staged.tree.Exists("v/.crossdock/t-1"));
}

TEST_CASE("an empty directory that a crash left on NFS is taken for the package's own") {
  Package staged(wire::PackageForm::kDirectory);
  staged.calls.nfs = true;
  staged.journal.phase = PublishPhase::kCommitted;
  std::filesystem::create_directories(staged.tree.at("v/in/sh010"));
  CHECK(staged.PublishIt().ok());
  CHECK(AtItsPlace(staged));
  CHECK(staged.asked == 0);
}

TEST_CASE("what somebody made at the package's place meanwhile is not replaced") {
  const auto form = GENERATE(wire::PackageForm::kDirectory, wire::PackageForm::kFile);
  Package staged(form);
  const std::string made = form == wire::PackageForm::kFile ? "v/in/a.mov" : "v/in/sh010/other.exr";
  staged.on_commit = [&] { staged.tree.Write(made, "other"); };
  CHECK(base::ReasonOf(staged.PublishIt().status()) == "DESTINATION_EXISTS");
  CHECK(staged.tree.Read(made) == "other");
}

TEST_CASE("a file gives way only when the transfer says so") {
  Package staged(wire::PackageForm::kFile);
  staged.tree.Write("v/in/a.mov", "older");
  staged.journal.replace = GENERATE(false, true);
  const auto published = staged.PublishIt();
  CHECK(published.ok() == staged.journal.replace);
  CHECK(staged.tree.Read("v/in/a.mov") == (staged.journal.replace ? "alpha" : "older"));
}

TEST_CASE("a file is published without hard links too") {
  Package staged(wire::PackageForm::kFile);
  staged.calls.links = false;
  const auto published = staged.PublishIt();
  CHECK(published.ok() != staged.calls.nfs);
  CHECK(AtItsPlace(staged) != staged.calls.nfs);
  // Neither links nor renames that replace nothing: refused, and not risked.
  if (staged.calls.nfs) CHECK(base::ReasonOf(published.status()) == "MERGE_NOT_WHOLE");
}

TEST_CASE("a fenced publish leaves no journal and moves nothing") {
  Package staged(wire::PackageForm::kDirectory);
  staged.verdict = CommitVerdict::kFenced;
  CHECK(base::ReasonOf(staged.PublishIt().status()) == "COMMIT_FENCED");
  CHECK(staged.Recover() == 0);
  CHECK_FALSE(staged.tree.Exists("v/in/sh010"));
  CHECK(staged.tree.Exists("v/" + staged.staging + "/data/a.exr"));
}

TEST_CASE("another agent's journal is left to it") {
  Package staged(wire::PackageForm::kDirectory);
  DieBeforeTheAnswer(staged);
  CHECK(RecoverPublishes(*staged.volume, "van-2")->empty());
  CHECK(RecoverPublishes(*staged.volume, "van-1")->size() == 1);
}

}  // namespace
}  // namespace crossdock::agent
