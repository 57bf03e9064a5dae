#include "agent/storage/stretch.h"

#include <fcntl.h>
#include <unistd.h>

#include <vector>

#include "catch2/catch.hpp"
#include "lib/base/fd.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

constexpr uint64_t kMiB = 1u << 20;

struct File {
  explicit File(uint64_t size) { REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0); }
  void Store(uint64_t offset, uint64_t length) const {
    const std::string bytes(length, 'x');
    REQUIRE(pwrite(fd.get(), bytes.data(), length, static_cast<off_t>(offset)) == static_cast<ssize_t>(length));
  }
  // Every stretch from `offset` to `end`, as "data 65536" or "hole 42".
  std::vector<std::string> Stretches(uint64_t offset, uint64_t end) const {
    std::vector<std::string> all;
    while (offset < end) {
      const Stretch stretch = StretchAt(fd.get(), offset, end);
      REQUIRE(stretch.offset == offset);
      REQUIRE(stretch.length > 0);
      all.push_back((stretch.hole ? "hole " : "data ") + std::to_string(stretch.length));
      offset = stretch.end();
    }
    return all;
  }
  struct stat Info() const {
    struct stat info {};
    REQUIRE(fstat(fd.get(), &info) == 0);
    return info;
  }
  test::TempTree tree;
  base::UniqueFd fd{open(tree.at("f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
};

using Text = std::vector<std::string>;

TEST_CASE("a file is told apart into holes and what is stored", "[agent][sparse]") {
  const File file(8 * kMiB);
  file.Store(2 * kMiB, kMiB);
  CHECK(file.Stretches(0, 8 * kMiB) == Text{"hole 2097152", "data 1048576", "hole 5242880"});
  CHECK(CountHoles(file.fd.get(), 8 * kMiB) == 7 * kMiB);
  CHECK(MayHaveHoles(file.Info()));
}

TEST_CASE("a range is told apart as the whole file is, cut at its ends", "[agent][sparse]") {
  const File file(8 * kMiB);
  file.Store(2 * kMiB, kMiB);
  CHECK(file.Stretches(kMiB, 2 * kMiB + 5) == Text{"hole 1048576", "data 5"});
  CHECK(file.Stretches(4 * kMiB, 5 * kMiB) == Text{"hole 1048576"});
}

TEST_CASE("a file without holes is one stretch", "[agent][sparse]") {
  const File file(0);
  file.Store(0, 3 * kMiB);
  CHECK(file.Stretches(0, 3 * kMiB) == Text{"data 3145728"});
  CHECK_FALSE(MayHaveHoles(file.Info()));
}

TEST_CASE("holes too short to be worth a skip are data, and crumbs are read together", "[agent][sparse]") {
  const File file(kMiB);
  for (uint64_t at = 0; at < 512 * 1024; at += 8192) file.Store(at, 4096);
  CHECK(file.Stretches(0, kMiB).size() <= 10);
  CHECK_FALSE(StretchAt(file.fd.get(), 4096, kMiB).hole);
  CHECK(CountHoles(file.fd.get(), kMiB) >= 448 * 1024);
}

TEST_CASE("a file that became shorter is data to its old end, so that reading finds out", "[agent][sparse]") {
  const File file(kMiB);
  CHECK_FALSE(StretchAt(file.fd.get(), 2 * kMiB, 3 * kMiB).hole);
  CHECK(file.Stretches(0, 2 * kMiB) == Text{"hole 1048576", "data 1048576"});
}

TEST_CASE("a hole of 200 GB is found at once", "[agent][sparse]") {
  const File file(200'000'000'000);
  file.Store(100'000'000'000 / 4096 * 4096, 4096);
  CHECK(file.Stretches(0, 200'000'000'000).size() == 3);
}

}  // namespace
}  // namespace crossdock::agent
