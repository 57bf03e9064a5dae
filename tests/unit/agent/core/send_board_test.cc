#include "agent/core/send_board.h"

#include <random>
#include <set>

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

using wire::Block;
using wire::kBlockUnit;

wire::Manifest Files(const std::vector<uint64_t>& sizes) {
  wire::Manifest manifest;
  wire::Entry directory;
  directory.path = "a";
  directory.type = wire::EntryType::kDirectory;
  manifest.entries.push_back(directory);
  for (const uint64_t size : sizes) {
    wire::Entry entry;
    entry.path = "a/" + std::to_string(manifest.entries.size());
    entry.size = size;
    manifest.entries.push_back(entry);
  }
  return manifest;
}

Block Whole(const wire::Manifest& manifest, uint32_t index) { return {index, 0, manifest.entries[index].size}; }

TEST_CASE("files leave in the manifest's order, and directories never", "[agent][board]") {
  const wire::Manifest manifest = Files({10, 30, 20});
  SendBoard board(manifest, 4);
  for (const uint32_t index : {1u, 2u, 3u}) CHECK(board.Next(1) == Whole(manifest, index));
  CHECK_FALSE(board.Next(1).has_value());
  CHECK_FALSE(board.Acknowledge(0));
  CHECK_FALSE(board.Acknowledge(99));
  CHECK_FALSE(board.Acknowledge(Block{0, 0, 0}));
  CHECK_FALSE(board.Acknowledge(Block{1, 0, 11}));
}

TEST_CASE("what the receiver holds is not sent", "[agent][board]") {
  const wire::Manifest manifest = Files({1, 2, 3});
  SendBoard board(manifest, 1);
  REQUIRE(board.Acknowledge(1));
  REQUIRE(board.Acknowledge(3));
  CHECK(board.Next(1) == Whole(manifest, 2));
  CHECK_FALSE(board.Next(1).has_value());
  CHECK_FALSE(board.AllAcknowledged());
  board.Acknowledge(2);
  board.Acknowledge(2);
  CHECK(board.AllAcknowledged());
}

TEST_CASE("a lost leg's unacknowledged files leave again, and only those", "[agent][board]") {
  const wire::Manifest manifest = Files({1, 2, 3, 4});
  SendBoard board(manifest, 2);
  board.Next(1);
  board.Next(2);
  board.Next(1);
  board.Acknowledge(1);
  board.LegLost(1);
  CHECK(board.Next(2) == Whole(manifest, 3));
  CHECK(board.Next(2) == Whole(manifest, 4));
  CHECK_FALSE(board.HasWaiting());
}

TEST_CASE("an acknowledgement that comes after its leg was lost spares the second copy", "[agent][board]") {
  const wire::Manifest manifest = Files({1});
  SendBoard board(manifest, 2);
  board.Next(1);
  board.LegLost(1);
  board.Acknowledge(1);
  CHECK_FALSE(board.Next(2).has_value());
  CHECK(board.AllAcknowledged());
}

TEST_CASE("a file that arrives damaged is sent again, a limited number of times", "[agent][board]") {
  const wire::Manifest manifest = Files({1});
  SendBoard board(manifest, 1);
  for (int i = 0; i < SendBoard::kRefusalsMax; ++i) {
    REQUIRE(board.Next(1) == Whole(manifest, 1));
    REQUIRE(board.Again(Whole(manifest, 1)));
  }
  REQUIRE(board.Next(1) == Whole(manifest, 1));
  CHECK_FALSE(board.Again(Whole(manifest, 1)));
  CHECK_FALSE(board.Again({7, 0, 1}));
}

TEST_CASE("a large file leaves in blocks, smaller ones towards the end, over all legs", "[agent][board]") {
  const uint64_t size = (uint64_t{1} << 30) + 12345;
  const wire::Manifest manifest = Files({size});
  SendBoard board(manifest, 4);
  uint64_t at = 0;
  uint64_t last = SendBoard::kBlockMax;
  uint16_t leg = 0;
  while (const auto block = board.Next(leg++ % 4)) {
    CHECK(block->offset == at);
    CHECK(wire::IsBlockOf(*block, size));
    CHECK(block->length <= last);
    at = block->end();
    last = std::max(block->length, kBlockUnit);
  }
  CHECK(at == size);
  CHECK(last == kBlockUnit);
}

TEST_CASE("frames leave whole while there is much to do, and cut when the end is near", "[agent][board]") {
  const uint64_t frame = 25'000'000;
  const wire::Manifest manifest = Files(std::vector<uint64_t>(100, frame));
  SendBoard board(manifest, 8);
  int whole = 0;
  bool cut = false;
  while (const auto block = board.Next(1)) {
    if (block->length == frame) {
      ++whole;
      CHECK_FALSE(cut);
    } else {
      cut = true;
    }
  }
  CHECK(whole > 70);
  CHECK(cut);
}

TEST_CASE("a lost leg's blocks leave again, and what arrived meanwhile does not", "[agent][board]") {
  const wire::Manifest manifest = Files({4 * kBlockUnit});
  SendBoard board(manifest, 8);
  const auto first = board.Next(1);
  const auto second = board.Next(2);
  const auto third = board.Next(1);
  REQUIRE(third == Block{1, 2 * kBlockUnit, kBlockUnit});
  board.LegLost(1);
  REQUIRE(board.Acknowledge(*first));
  REQUIRE(board.Acknowledge(*second));
  CHECK(board.Next(2) == third);
  CHECK(board.Next(2) == Block{1, 3 * kBlockUnit, kBlockUnit});
  CHECK_FALSE(board.Next(2).has_value());
  CHECK_FALSE(board.AllAcknowledged());
  board.Acknowledge(1);
  CHECK(board.AllAcknowledged());
}

TEST_CASE("blocks that the receiver held before are left out", "[agent][board]") {
  const wire::Manifest manifest = Files({4 * kBlockUnit + 1});
  SendBoard board(manifest, 8);
  REQUIRE(board.Acknowledge(Block{1, kBlockUnit, 2 * kBlockUnit}));
  CHECK(board.Next(1) == Block{1, 0, kBlockUnit});
  CHECK(board.Next(1) == Block{1, 3 * kBlockUnit, kBlockUnit});
  CHECK(board.Next(1) == Block{1, 4 * kBlockUnit, 1});
  CHECK_FALSE(board.Next(1).has_value());
}

TEST_CASE("a block that arrives damaged leaves again, and a whole file's blocks all do", "[agent][board]") {
  const wire::Manifest manifest = Files({3 * kBlockUnit});
  SendBoard board(manifest, 8);
  std::vector<Block> blocks;
  while (const auto block = board.Next(1)) blocks.push_back(*block);
  REQUIRE(blocks.size() == 3);
  for (const Block& block : blocks) board.Acknowledge(block);
  REQUIRE(board.Again(blocks[1]));
  CHECK(board.Next(2) == blocks[1]);
  CHECK_FALSE(board.Next(2).has_value());
  REQUIRE(board.Again(Whole(manifest, 1)));
  uint64_t bytes = 0;
  while (const auto block = board.Next(1)) bytes += block->length;
  CHECK(bytes == 3 * kBlockUnit);
}

// Legs that break, blocks that are refused, acknowledgements in any order: in the end every byte has been acknowledged,
// and no byte was ever in flight twice at a time.
TEST_CASE("whatever happens on the way, each byte is sent until it is acknowledged", "[agent][board]") {
  std::mt19937 random(GENERATE(range(1u, 40u)));
  const auto pick = [&](size_t count) { return random() % count; };
  std::vector<uint64_t> sizes;
  for (size_t i = 0; i < 1 + pick(12); ++i) sizes.push_back(pick(3) == 0 ? pick(200'000'000) : pick(9'000'000));
  const wire::Manifest manifest = Files(sizes);
  constexpr uint16_t kLegs = 4;
  SendBoard board(manifest, kLegs);
  std::map<std::pair<uint32_t, uint64_t>, std::pair<Block, uint16_t>> flying;
  std::map<uint32_t, std::map<uint64_t, uint64_t>> held;
  int trouble = 30;
  for (int step = 0; !board.AllAcknowledged() && step < 100'000; ++step) {
    const uint16_t leg = static_cast<uint16_t>(pick(kLegs));
    if (const auto block = board.Next(leg)) {
      for (const auto& [key, other] : flying) {
        const bool apart =
            key.first != block->index || other.first.end() <= block->offset || block->end() <= other.first.offset;
        CHECK((apart || (block->length == 0 && other.first.length == 0)));
      }
      flying[{block->index, block->offset}] = {*block, leg};
    }
    if (flying.empty()) continue;
    const auto at = std::next(flying.begin(), static_cast<ptrdiff_t>(pick(flying.size())));
    const Block block = at->second.first;
    const size_t what = trouble > 0 ? pick(6) : 0;
    if (what == 1) {
      --trouble;
      board.LegLost(leg);
      std::erase_if(flying, [&](const auto& each) { return each.second.second == leg; });
    } else if (what == 2 && trouble > 28) {
      --trouble;
      flying.erase(at);
      REQUIRE(board.Again(block));
    } else if (what < 2) {
      flying.erase(at);
      const uint64_t size = manifest.entries[block.index].size;
      held[block.index][block.offset] = block.length;
      uint64_t sum = 0;
      for (const auto& [offset, length] : held[block.index]) sum += length;
      board.Acknowledge(block);
      if (sum == size) board.Acknowledge(block.index);
    }
  }
  CHECK(board.AllAcknowledged());
  CHECK_FALSE(board.Next(1).has_value());
}

}  // namespace
}  // namespace crossdock::agent
