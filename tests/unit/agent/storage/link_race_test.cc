// Names that change into links while they are opened: somebody on the storage races the agent.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

#include "agent/storage/volume.h"
#include "catch2/catch.hpp"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

constexpr int kOpens = 20'000;

TEST_CASE("T-37: in a storm of renames between directories and links nothing outside the volume is ever opened") {
  const test::TempTree tree;
  tree.Write("volume/p/inner/a", "inside");
  tree.Write("outside/a", "outside");
  std::filesystem::create_symlink(tree.at("outside"), tree.at("volume/p/link"));
  // As the last name, too.
  tree.Write("volume/p/plain", "inside");
  std::filesystem::create_symlink(tree.at("outside/a"), tree.at("volume/p/other"));
  const base::UniqueFd root(::open(tree.at("volume").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  REQUIRE(root);
  std::atomic<bool> over = false;
  std::atomic<int> storms = 0;
  std::thread storm([&] {
    while (!over) {
      // Each name is by turns what it was, and the link.
      ::renameat2(root.get(), "p/inner", root.get(), "p/link", RENAME_EXCHANGE);
      ::renameat2(root.get(), "p/plain", root.get(), "p/other", RENAME_EXCHANGE);
      ++storms;
    }
  });
  int inside = 0;
  int refused = 0;
  int outside = 0;
  for (int i = 0; i < kOpens; ++i) {
    const base::UniqueFd fd = OpenBeneath(root.get(), i % 2 == 0 ? "p/inner/a" : "p/plain", O_RDONLY);
    char bytes[8] = {};
    if (!fd) {
      ++refused;
    } else if (::read(fd.get(), bytes, sizeof bytes) == 6 && std::string(bytes, 6) == "inside") {
      ++inside;
    } else {
      ++outside;
    }
  }
  over = true;
  storm.join();
  CHECK(outside == 0);
  // There was a race.
  CHECK(storms > 100);
  CHECK(inside > 0);
  CHECK(refused > 0);
}

}  // namespace
}  // namespace crossdock::agent
