// Publishing into a directory that stands there: whoever looks sees the old one or the new one, or a marker; nothing
// that was there is lost, whatever happens at whatever step.
#include "agent/transfer/publish_merge.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include "lib/base/file.h"
#include "tests/support/staged_package.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

// Path to content.
using Files = std::map<std::string, std::string>;

const Files kOld = {{"old.exr", "old"}, {"same.exr", "same"}, {"sub/x.exr", "x"}};
const Files kNew = {{"a.exr", "alpha"}, {"same.exr", "same"}, {"sub/b.exr", "beta"}, {"more/c.exr", "c"}};

Files Merged() {
  Files all = kOld;
  all.insert(kNew.begin(), kNew.end());
  return all;
}

// kOld stands at the destination, kNew is staged.
class Meeting : public StagedPackage {
 public:
  explicit Meeting(Merge merge = Merge::kWhole) {
    journal.merge = merge;
    calls.nfs = merge == Merge::kVisible;
    for (const auto& [path, content] : kOld) Put(path, content);
    Stage(kNew);
  }
  void Put(const std::string& path, const std::string& content) const { tree.Write("v/in/sh010/" + path, content); }
  // As editors save: by a file of another name.
  void Save(const std::string& path, const std::string& content) const {
    Put("saving", content);
    fs::rename(tree.at("v/in/sh010/saving"), tree.at("v/in/sh010/" + path));
  }
  Files There() const {
    Files files;
    const fs::path root = tree.at("v/in/sh010");
    for (const auto& each : fs::recursive_directory_iterator(root)) {
      if (each.is_regular_file()) files[each.path().lexically_relative(root)] = *base::ReadFile(each.path());
    }
    return files;
  }
  bool IsMarked() const { return tree.Exists("v/in/sh010/.crossdock-incomplete"); }
  std::string Refusal() { return base::ReasonOf(PublishIt().status()); }
};

// A directory in which somebody is at work: all that was there is still there, and what came is whole.
bool IsBetween(Files files) {
  files.erase(kIncompleteMarker);
  for (const auto& [path, content] : kOld) {
    if (files[path] != content) return false;
  }
  const Files all = Merged();
  return std::all_of(files.begin(), files.end(), [&](const auto& each) { return all.at(each.first) == each.second; });
}

TEST_CASE("a package joins the directory that is there, and nothing of either is missing") {
  Meeting meeting(GENERATE(Merge::kWhole, Merge::kVisible));
  const auto published = meeting.PublishIt();
  REQUIRE(published.status() == absl::OkStatus());
  CHECK(published->way == (meeting.calls.nfs ? PublishWay::kInPlace : PublishWay::kExchange));
  CHECK(meeting.There() == Merged());
  CHECK(meeting.Recover() == 1);
  CHECK(meeting.There() == Merged());
  CHECK_FALSE(meeting.tree.Exists("v/.crossdock/t-1"));
}

TEST_CASE("a merge that dies at any step leaves the old directory or the new one, or a marker; and is finished") {
  const auto merge = GENERATE(Merge::kWhole, Merge::kVisible);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 300);
    Meeting meeting(merge);
    died = meeting.DiesAt(steps, [&] { (void)meeting.PublishIt(); });
    INFO("died at step " << steps << (merge == Merge::kVisible ? " in place" : " of an exchange"));
    const Files there = meeting.There();
    if (meeting.IsMarked()) {
      CHECK(merge == Merge::kVisible);
      CHECK(IsBetween(there));
    } else {
      CHECK((there == kOld || there == Merged()));
    }
    const bool journal = meeting.HasJournal();
    CHECK(meeting.Recover() == (journal ? 1 : 0));
    CHECK(meeting.There() == (journal ? Merged() : kOld));
    CHECK(meeting.tree.Exists("v/.crossdock/t-1") != journal);
  }
  CHECK(steps > 40);
}

TEST_CASE("a merge that dies twice is finished by the third start") {
  const auto merge = GENERATE(Merge::kWhole, Merge::kVisible);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 300);
    Meeting meeting(merge);
    // In the middle of what changes the destination.
    meeting.calls.hook = [left = merge == Merge::kVisible ? 3 : 1](Call call) mutable -> int {
      const bool placing = call == Call::kRenameExchange || call == Call::kLink;
      if (placing && --left < 0) throw Crash();
      return 0;
    };
    meeting.journal.phase = PublishPhase::kCommitted;
    CHECK_THROWS_AS((void)meeting.PublishIt(), Crash);
    died = meeting.DiesAt(steps, [&] { (void)meeting.PublishIt(); });
    INFO("died again at step " << steps);
    CHECK(meeting.PublishIt().status() == absl::OkStatus());
    CHECK(meeting.There() == Merged());
  }
  CHECK(steps > 20);
}

TEST_CASE("a merge that the storage fails at any step is finished when the storage is well again") {
  const auto merge = GENERATE(Merge::kWhole, Merge::kVisible);
  const auto [error, reason] = GENERATE(table<int, std::string>({{EIO, "DESTINATION_WRITE_ERROR"},
                                                                 {ENOSPC, "DESTINATION_FULL"},
                                                                 {EDQUOT, "DESTINATION_QUOTA"},
                                                                 {EROFS, "DESTINATION_READ_ONLY"}}));
  int steps = 0;
  for (bool failed = true; failed; ++steps) {
    REQUIRE(steps < 300);
    Meeting meeting(merge);
    meeting.FailsFrom(steps, error);
    const auto published = meeting.PublishIt();
    failed = !published.ok();
    INFO("errno " << error << " from step " << steps << ": " << published.status());
    if (failed) CHECK(base::ReasonOf(published.status()) == reason);
    const Files there = meeting.There();
    CHECK((there == kOld || there == Merged() || (meeting.IsMarked() && IsBetween(there))));
    meeting.calls.hook = nullptr;
    CHECK(meeting.PublishIt().status() == absl::OkStatus());
    CHECK(meeting.There() == Merged());
  }
  CHECK(steps > 30);
}

TEST_CASE("storage that cannot exchange is told before anybody is asked, unless visible steps were asked for") {
  Meeting meeting;
  SECTION("no exchange") { meeting.calls.nfs = true; }
  SECTION("no hard links") { meeting.calls.links = false; }
  CHECK(meeting.Refusal() == "MERGE_NOT_WHOLE");
  CHECK(meeting.asked == 0);
  CHECK(meeting.There() == kOld);
  meeting.journal.merge = Merge::kVisible;
  CHECK(meeting.PublishIt().status() == absl::OkStatus());
  CHECK(meeting.There() == Merged());
  CHECK_FALSE(meeting.IsMarked());
}

TEST_CASE("without a merge a directory that is there stays as it is") {
  Meeting meeting(Merge::kNever);
  meeting.journal.replace = GENERATE(false, true);
  CHECK(meeting.Refusal() == "DESTINATION_EXISTS");
  CHECK(meeting.There() == kOld);
}

TEST_CASE("a name that is taken by other content is found before anything changes, and gives way to `replace` alone") {
  Meeting meeting(GENERATE(Merge::kWhole, Merge::kVisible));
  meeting.Put("sub/b.exr", "another b");
  const Files before = meeting.There();
  CHECK(meeting.Refusal() == "DESTINATION_EXISTS");
  CHECK(meeting.There() == before);
  CHECK_FALSE(meeting.IsMarked());
  CHECK(meeting.asked == (meeting.calls.nfs ? 1 : 0));
  meeting.journal.replace = true;
  fs::remove(meeting.tree.at("v/" + meeting.staging + "/journal"));
  CHECK(meeting.PublishIt().status() == absl::OkStatus());
  CHECK(meeting.There() == Merged());
}

TEST_CASE("replacing dies at any step with each file whole, the old one or the new") {
  const auto merge = GENERATE(Merge::kWhole, Merge::kVisible);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 300);
    Meeting meeting(merge);
    meeting.journal.replace = true;
    meeting.Put("a.exr", "older");
    died = meeting.DiesAt(steps, [&] { (void)meeting.PublishIt(); });
    INFO("died at step " << steps);
    const std::string a = meeting.There()["a.exr"];
    CHECK((a == "older" || a == "alpha"));
    if (meeting.Recover() == 0) CHECK(meeting.PublishIt().status() == absl::OkStatus());
    CHECK(meeting.There()["a.exr"] == "alpha");
    CHECK(meeting.There()["old.exr"] == "old");
  }
}

TEST_CASE("a directory never gives way to a file") {
  Meeting meeting(GENERATE(Merge::kWhole, Merge::kVisible));
  meeting.journal.replace = true;
  meeting.Put("a.exr/inside", "i");
  CHECK(meeting.Refusal() == "DESTINATION_EXISTS");
  CHECK(meeting.tree.Read("v/in/sh010/a.exr/inside") == "i");
}

TEST_CASE("what is saved into the directory while it is published into is there afterwards") {
  Meeting meeting;
  meeting.journal.replace = GENERATE(false, true);
  meeting.on_commit = [&] {
    meeting.Put("late.exr", "late");
    meeting.Put("dailies/d.mov", "d");
    meeting.Save("old.exr", "saved again");
  };
  CHECK(meeting.PublishIt().status() == absl::OkStatus());
  Files expected = Merged();
  expected["late.exr"] = "late";
  expected["dailies/d.mov"] = "d";
  expected["old.exr"] = "saved again";
  CHECK(meeting.There() == expected);
}

TEST_CASE("what was saved in the last moment is not lost when the program dies right after") {
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 300);
    Meeting meeting;
    meeting.on_commit = [&] {
      meeting.Put("late.exr", "late");
      meeting.Save("old.exr", "saved again");
    };
    died = meeting.DiesAt(steps, [&] { (void)meeting.PublishIt(); });
    meeting.on_commit = nullptr;
    const bool came = meeting.asked > 0;
    meeting.Recover();
    INFO("died at step " << steps);
    CHECK(meeting.There()["late.exr"] == (came ? "late" : ""));
    CHECK(meeting.There()["old.exr"] == (came ? "saved again" : "old"));
  }
}

TEST_CASE("a file that takes one of the package's names in the last moment is kept beside") {
  Meeting meeting;
  meeting.on_commit = [&] { meeting.Put("a.exr", "somebody's"); };
  CHECK(meeting.PublishIt().status() == absl::OkStatus());
  CHECK(meeting.There()["a.exr"] == "alpha");
  CHECK(meeting.There()["a.exr.kept-t-1"] == "somebody's");
}

TEST_CASE("a directory that is made, removed or exchanged between the question and the answer is seen") {
  Meeting meeting(GENERATE(Merge::kWhole, Merge::kVisible));
  const std::string place = meeting.tree.at("v/in/sh010");
  SECTION("made") {
    fs::rename(place, meeting.tree.at("v/in/aside"));
    meeting.on_commit = [&] { fs::rename(meeting.tree.at("v/in/aside"), place); };
    CHECK(meeting.PublishIt().status() == absl::OkStatus());
    CHECK(meeting.There() == Merged());
  }
  SECTION("removed") {
    meeting.on_commit = [&] { fs::remove_all(place); };
    CHECK(meeting.PublishIt().status() == absl::OkStatus());
    CHECK(meeting.There() == kNew);
  }
  SECTION("exchanged") {
    meeting.on_commit = [&] {
      fs::remove_all(place);
      meeting.Put("other.exr", "other");
    };
    CHECK(meeting.PublishIt().status() == absl::OkStatus());
    Files expected = kNew;
    expected["other.exr"] = "other";
    CHECK(meeting.There() == expected);
  }
}

TEST_CASE("a directory into which another transfer is publishing is left alone until that is over") {
  Meeting meeting(GENERATE(Merge::kWhole, Merge::kVisible));
  meeting.Put(kIncompleteMarker, "t-2");
  CHECK(meeting.Refusal() == "STAGING_BUSY");
  CHECK(meeting.asked == 0);
  CHECK(meeting.There().size() == kOld.size() + 1);
  fs::remove(meeting.tree.at("v/in/sh010/.crossdock-incomplete"));
  CHECK(meeting.PublishIt().status() == absl::OkStatus());
}

TEST_CASE("one file goes into a directory by its own name, on any storage and without a marker") {
  Meeting meeting(Merge::kNever);
  meeting.calls.nfs = GENERATE(false, true);
  meeting.journal.form = wire::PackageForm::kFiles;
  fs::remove_all(meeting.tree.at("v/" + meeting.staging + "/data"));
  meeting.Stage({{"a.exr", "alpha"}});
  meeting.calls.hook = [&](Call) { return meeting.IsMarked() ? EIO : 0; };
  CHECK(meeting.PublishIt().status() == absl::OkStatus());
  CHECK(meeting.There()["a.exr"] == "alpha");
  CHECK(meeting.There().size() == kOld.size() + 1);
}

TEST_CASE("a merged directory keeps its permissions, attributes and links") {
  Meeting meeting;
  const std::string place = meeting.tree.at("v/in/sh010");
  REQUIRE(chmod(place.c_str(), 02775) == 0);
  REQUIRE(chmod((place + "/sub").c_str(), 0750) == 0);
  const bool attributes = setxattr(place.c_str(), "user.studio", "nl", 2, 0) == 0;
  fs::create_symlink("../elsewhere", place + "/link");
  REQUIRE(meeting.PublishIt().status() == absl::OkStatus());
  struct stat info {};
  REQUIRE(stat(place.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 02775);
  REQUIRE(stat((place + "/sub").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0750);
  char value[8] = {};
  if (attributes) CHECK(getxattr(place.c_str(), "user.studio", value, sizeof value) == 2);
  CHECK(fs::read_symlink(place + "/link") == "../elsewhere");
}

}  // namespace
}  // namespace crossdock::agent
