#include "agent/transfer/block_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "catch2/catch.hpp"
#include "lib/base/random.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

using wire::Block;
using wire::kBlockUnit;

constexpr uint64_t kSize = 3 * kBlockUnit + 5;

struct Fixture {
  Fixture() {
    entry.path = "a.mov";
    entry.size = kSize;
    entry.mtime_ns = 7;
    entry.inode = 9;
    REQUIRE(pwrite(fd.get(), content.data(), content.size(), 0) == static_cast<ssize_t>(kSize));
  }
  wire::Digest128 Digest(const Block& block) const {
    Xxh3 xxh3;
    xxh3.Update(std::string_view(content).substr(block.offset, block.length));
    return xxh3.Finish();
  }
  std::unique_ptr<BlockFile> Make(const PartialFile& partial = {}, bool bound = false) {
    return std::make_unique<BlockFile>(5, entry, 11, base::UniqueFd(dup(fd.get())), bound, partial);
  }
  BlockFile::Progress Land(BlockFile& file, const Block& block) {
    file.Land(block, Digest(block), [] {});
    return file.Advance(calls).value();
  }

  test::TempTree tree;
  SystemFileCalls calls;
  const std::string content = base::SystemRandom().Bytes(kSize);
  wire::Entry entry;
  base::UniqueFd fd{open(tree.at("staged").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
  const Block first{5, 0, kBlockUnit}, second{5, kBlockUnit, kBlockUnit}, last{5, 2 * kBlockUnit, kBlockUnit + 5};
  const Block all{5, 0, kSize};
};

TEST_CASE("the whole file's digest is made in order, whatever order its blocks land in", "[agent][blocks]") {
  Fixture f;
  const auto file = f.Make({}, /*bound=*/true);
  CHECK_FALSE(f.Land(*file, f.last).complete);
  const auto to_second = f.Land(*file, f.first);
  REQUIRE(to_second.hash);
  CHECK(to_second.hash->offset == kBlockUnit);
  const auto end = f.Land(*file, f.second);
  REQUIRE(end.complete);
  CHECK(end.xxh3 == f.Digest(f.all));
  const std::string sha256 = base::Sha256(f.content);
  CHECK(std::equal(sha256.begin(), sha256.end(), reinterpret_cast<const char*>(end.sha256->data())));
  CHECK_FALSE(file->Advance(f.calls)->complete);
}

TEST_CASE("an earlier attempt's hash state spares reading what it covers", "[agent][blocks]") {
  Fixture f;
  PartialFile partial;
  {
    const auto file = f.Make();
    partial.hash = f.Land(*file, f.first).hash;
    partial.blocks.push_back({file->staged(), f.first.offset, f.first.length, f.Digest(f.first)});
  }
  // It would be seen if it were read.
  const bool changed = GENERATE(false, true);
  const char other = static_cast<char>(~f.content[100]);
  if (changed) REQUIRE(pwrite(f.fd.get(), &other, 1, 100) == 1);
  const auto file = f.Make(partial);
  CHECK(file->landed() == std::vector<Block>{f.first});
  f.Land(*file, f.second);
  const auto end = f.Land(*file, f.last);
  REQUIRE(end.complete);
  CHECK(end.xxh3 == f.Digest(f.all));
  // Bound content is read again from the start.
  const auto bound = f.Make(partial, /*bound=*/true);
  CHECK(bound->Advance(f.calls)->damaged.empty() != changed);
}

TEST_CASE("a hash state of another library's version, or a damaged one, is read over", "[agent][blocks]") {
  Fixture f;
  PartialFile partial;
  const auto file = f.Make();
  partial.hash = f.Land(*file, f.first).hash;
  partial.blocks.push_back({file->staged(), f.first.offset, f.first.length, f.Digest(f.first)});
  SECTION("version") { partial.hash->state[0] ^= 1; }
  SECTION("length") { partial.hash->state.pop_back(); }
  SECTION("none") { partial.hash->state.clear(); }
  const auto again = f.Make(partial);
  CHECK(again->Advance(f.calls)->hash->offset == kBlockUnit);
  f.Land(*again, f.second);
  CHECK(f.Land(*again, f.last).xxh3 == f.Digest(f.all));
}

TEST_CASE("a block that is claimed anew, or in part, is no longer its old leg's", "[agent][blocks]") {
  Fixture f;
  const auto file = f.Make();
  const Block wide{5, 0, 2 * kBlockUnit};
  REQUIRE(file->Claim(wide, 1));
  CHECK(file->Holds(wide, 1));
  REQUIRE(file->Claim(f.second, 2));
  CHECK_FALSE(file->Holds(wide, 1));
  CHECK(file->Holds(f.second, 2));
  file->Unclaim(f.second, 1);
  CHECK(file->Holds(f.second, 2));
  int held = 0;
  file->Land(f.second, f.Digest(f.second), [&] { ++held; });
  CHECK(held == 1);
  file->Land(wide, f.Digest(wide), [&] { ++held; });  // is there in part, and does not count
  CHECK(held == 1);
  CHECK_FALSE(file->Claim(f.second, 3));
  CHECK(file->HasLanded(f.second));
  CHECK_FALSE(file->HasLanded(wide));
}

TEST_CASE("a block that changed after it had landed is named, and hashed when it has come again", "[agent][blocks]") {
  Fixture f;
  const auto file = f.Make();
  const char other = static_cast<char>(~f.content[kBlockUnit + 3]);
  REQUIRE(pwrite(f.fd.get(), &other, 1, kBlockUnit + 3) == 1);
  f.Land(*file, f.first);
  const auto damaged = f.Land(*file, f.second);
  CHECK(damaged.damaged == std::vector<Block>{f.second});
  CHECK_FALSE(file->HasLanded(f.second));
  f.Land(*file, f.last);
  REQUIRE(pwrite(f.fd.get(), f.content.data(), f.content.size(), 0) == static_cast<ssize_t>(kSize));
  CHECK(f.Land(*file, f.second).xxh3 == f.Digest(f.all));
}

TEST_CASE("a staged file that was cut short is noticed", "[agent][blocks]") {
  Fixture f;
  const auto file = f.Make();
  REQUIRE(ftruncate(f.fd.get(), kBlockUnit + 3) == 0);
  f.Land(*file, f.first);
  CHECK(f.Land(*file, f.second).damaged == std::vector<Block>{f.second});
}

}  // namespace
}  // namespace crossdock::agent
