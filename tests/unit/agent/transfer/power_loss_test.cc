// A power cut at any moment: nothing that was said to be safe is lost, and the package is at its place whole or not at
// all.
#include "tests/support/power_loss.h"

#include "lib/base/file.h"
#include "tests/support/landing_pair.h"
#include "tests/support/staged_package.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

// Path to content, of the destination.
using Files = std::map<std::string, std::string>;

const Files kNew = {{"a.exr", "alpha"}, {"sub/b.exr", "beta"}};
const Files kOld = {{"old.exr", "old"}, {"sub/x.exr", "x"}};

class OnFragileDisk : public BasicStagedPackage<PowerLossCalls> {
 public:
  enum class Case { kFree, kWhole, kVisible, kFile };

  explicit OnFragileDisk(Case which) : case_(which) {
    calls.nfs = GENERATE(false, true);
    if (which == Case::kFile) {
      journal.form = wire::PackageForm::kFile;
      journal.destination = "in/a.mov";
      Stage({{"a.mov", "alpha"}});
      after_ = {{"a.mov", "alpha"}};
    } else {
      Stage(kNew);
      after_ = Below("sh010/", kNew);
    }
    if (which == Case::kWhole || which == Case::kVisible) {
      journal.merge = which == Case::kWhole ? Merge::kWhole : Merge::kVisible;
      calls.nfs = which == Case::kVisible;
      for (const auto& [path, content] : kOld) tree.Write("v/in/sh010/" + path, content);
      before_ = Below("sh010/", kOld);
      after_.merge(Files(before_));
    }
    calls.Begin(tree.at("v"), tree.at("graveyard"));
  }
  void LosePower(PowerCut what) {
    volume.reset();
    calls.Cut(what);
    volume = *Volume::Open("proj", tree.at("v"), {}, calls);
  }
  Files There() const {
    Files files;
    const fs::path root = tree.at("v/in");
    if (!fs::exists(root)) return files;
    for (const auto& each : fs::recursive_directory_iterator(root)) {
      if (each.is_regular_file()) files[each.path().lexically_relative(root)] = *base::ReadFile(each.path());
    }
    return files;
  }
  bool IsBefore() const { return There() == before_; }
  bool IsAfter() const { return There() == after_; }

 private:
  static Files Below(const std::string& directory, const Files& files) {
    Files below;
    for (const auto& [path, content] : files) below[directory + path] = content;
    return below;
  }

  const Case case_;
  Files before_, after_;
};

using Case = OnFragileDisk::Case;

TEST_CASE("the double forgets what was not synced, and keeps what was") {
  OnFragileDisk disk(Case::kWhole);
  disk.tree.Write("v/in/sh010/unsynced.exr", "u");
  disk.tree.Write("v/in/sh010/old.exr", "overwritten");
  const base::UniqueFd directory(open(disk.tree.at("v/in").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(disk.calls.Rename(directory.get(), "sh010", directory.get(), "sh020") == 0);
  SECTION("with the names") {
    disk.LosePower(PowerCut::kAllUnsynced);
    CHECK(disk.IsBefore());
  }
  SECTION("with the bytes alone") {
    disk.LosePower(PowerCut::kBytesOnly);
    CHECK(disk.tree.Read("v/in/sh020/old.exr") == "old");
    CHECK(disk.tree.Exists("v/in/sh020/unsynced.exr"));
    CHECK(disk.tree.Read("v/in/sh020/unsynced.exr").empty());
  }
  SECTION("not what was synced since") {
    REQUIRE(disk.calls.Sync(directory.get()) == 0);
    disk.LosePower(PowerCut::kAllUnsynced);
    CHECK(disk.tree.Read("v/in/sh020/old.exr") == "old");
    CHECK_FALSE(disk.tree.Exists("v/in/sh010"));
  }
}

TEST_CASE("a publish that loses power at any step is finished, and what had a receipt is there") {
  const auto which = GENERATE(Case::kFree, Case::kWhole, Case::kVisible, Case::kFile);
  const auto cut = GENERATE(PowerCut::kAllUnsynced, PowerCut::kBytesOnly);
  int steps = 0;
  for (bool died = true; died; ++steps) {
    REQUIRE(steps < 300);
    OnFragileDisk disk(which);
    absl::Status published;
    died = disk.DiesAt(steps, [&] { published = disk.PublishIt().status(); });
    REQUIRE(published.ok());
    disk.LosePower(cut);
    INFO("lost power at step " << steps << " of case " << static_cast<int>(which) << (disk.calls.nfs ? " on NFS" : "")
                               << (cut == PowerCut::kBytesOnly ? ", bytes only" : ""));
    // It was asked with the journal on the disk, or not at all.
    const bool asked = disk.asked > 0;
    if (asked) CHECK(disk.HasJournal());
    if (!died) CHECK(disk.IsAfter());
    const bool finishes = disk.HasJournal();
    CHECK(disk.Recover() == (finishes ? 1 : 0));
    CHECK((finishes ? disk.IsAfter() : disk.IsBefore()));
    // What now has a receipt stays, whatever happens to the power.
    disk.LosePower(cut);
    CHECK((finishes ? disk.IsAfter() : disk.IsBefore()));
  }
  CHECK(steps > 10);
}

}  // namespace
}  // namespace crossdock::agent
