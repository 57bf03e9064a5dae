#include "agent/storage/volume_guarantees.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "catch2/catch.hpp"
#include "tests/support/double_calls.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

struct Probed {
  test::TempTree tree;
  DoubleCalls calls;
  base::SystemRandom random;

  VolumeGuarantees operator()() { return ProbeVolume(*Volume::Open("proj", tree.root(), {}, calls).value(), random); }
  bool IsEmpty() const { return std::filesystem::is_empty(tree.root()); }
};

TEST_CASE("a local volume promises all that the landing can use, and the probe leaves nothing behind") {
  Probed probe;
  const VolumeGuarantees found = probe();
  INFO(Describe(found));
  CHECK(found.writable);
  CHECK(found.PublishesAtOnce());
  CHECK(found.MergesAtOnce());
  CHECK(found.directory_sync);
  CHECK(found.case_sensitive);
  CHECK(found.keeps_names);
  CHECK(found.time_resolution == std::chrono::nanoseconds(1));
  CHECK(probe.IsEmpty());
}

TEST_CASE("a volume on NFS is said to promise less") {
  Probed probe;
  probe.calls.nfs = true;
  const VolumeGuarantees found = probe();
  CHECK_FALSE(found.PublishesAtOnce());
  CHECK_FALSE(found.MergesAtOnce());
  CHECK(found.hard_links);
  CHECK_FALSE(found.attributes);
  CHECK_FALSE(found.allocate);
  CHECK_THAT(Describe(found), Catch::Contains("publishes by mkdir and rename, merges only visibly, no reservation"));
  CHECK(probe.IsEmpty());
}

TEST_CASE("storage that replaces although it was told not to is not believed") {
  class Replacing : public DoubleCalls {
   public:
    int RenameNoReplace(int from_dir, const std::string& from, int to_dir, const std::string& to) override {
      return Rename(from_dir, from, to_dir, to);
    }
  };
  test::TempTree tree;
  Replacing calls;
  base::SystemRandom random;
  CHECK_FALSE(ProbeVolume(*Volume::Open("proj", tree.root(), {}, calls).value(), random).rename_no_replace);
}

TEST_CASE("a volume that cannot be written is a source, and says why") {
  Probed probe;
  probe.calls.hook = [](Call call) { return call == Call::kMakeDirectory ? EROFS : 0; };
  const VolumeGuarantees found = probe();
  CHECK_FALSE(found.writable);
  CHECK_FALSE(found.PublishesAtOnce());
  CHECK_THAT(Describe(found), Catch::Contains("Read-only file system"));
  CHECK(probe.IsEmpty());
}

TEST_CASE("a probe keeps away from other agents' staging, and clears what a crash left a day ago") {
  Probed probe;
  probe.tree.Write(".crossdock/t-1/van-1-1.7/data/a.exr", "a");
  probe.tree.Write(".crossdock/.probe-old/x", "x");
  probe.tree.Write(".crossdock/.probe-new/x", "x");
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  REQUIRE(utimensat(AT_FDCWD, probe.tree.at(".crossdock/.probe-old").c_str(), times, 0) == 0);
  CHECK(probe().writable);
  CHECK(probe.tree.Read(".crossdock/t-1/van-1-1.7/data/a.exr") == "a");
  CHECK_FALSE(probe.tree.Exists(".crossdock/.probe-old"));
  CHECK(probe.tree.Exists(".crossdock/.probe-new"));
}

}  // namespace
}  // namespace crossdock::agent
