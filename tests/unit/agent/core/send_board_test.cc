#include "agent/core/send_board.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

wire::Manifest Files(std::initializer_list<uint64_t> sizes) {
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

TEST_CASE("large files leave first, the others in the manifest's order, and directories never", "[agent][board]") {
  SendBoard board(Files({10, 1u << 30, 20}));
  CHECK(board.Next(1) == 2u);
  CHECK(board.Next(1) == 1u);
  CHECK(board.Next(1) == 3u);
  CHECK_FALSE(board.Next(1).has_value());
  CHECK_FALSE(board.Acknowledge(0));
  CHECK_FALSE(board.Acknowledge(99));
}

TEST_CASE("what the receiver holds is not sent", "[agent][board]") {
  SendBoard board(Files({1, 2, 3}));
  REQUIRE(board.Have(1));
  REQUIRE(board.Have(3));
  CHECK(board.Next(1) == 2u);
  CHECK_FALSE(board.Next(1).has_value());
  CHECK_FALSE(board.AllAcknowledged());
  board.Acknowledge(2);
  board.Acknowledge(2);
  CHECK(board.AllAcknowledged());
}

TEST_CASE("a lost leg's unacknowledged files leave again, and only those", "[agent][board]") {
  SendBoard board(Files({1, 2, 3, 4}));
  board.Next(1);
  board.Next(2);
  board.Next(1);
  board.Acknowledge(1);
  board.LegLost(1);
  CHECK(board.Next(2) == 3u);
  CHECK(board.Next(2) == 4u);
  CHECK_FALSE(board.HasWaiting());
}

TEST_CASE("an acknowledgement that comes after its leg was lost spares the second copy", "[agent][board]") {
  SendBoard board(Files({1}));
  board.Next(1);
  board.LegLost(1);
  board.Acknowledge(1);
  CHECK_FALSE(board.Next(2).has_value());
  CHECK(board.AllAcknowledged());
}

TEST_CASE("a file that arrives damaged is sent again, a limited number of times", "[agent][board]") {
  SendBoard board(Files({1}));
  for (int i = 1; i < SendBoard::kTriesMax; ++i) {
    REQUIRE(board.Next(1) == 1u);
    REQUIRE(board.Again(1));
  }
  REQUIRE(board.Next(1) == 1u);
  CHECK_FALSE(board.Again(1));
  CHECK_FALSE(board.Again(7));
}

}  // namespace
}  // namespace crossdock::agent
