#include "agent/core/ledger_record.h"

#include "agent/core/publish_journal.h"
#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

LedgerFile File(std::string path) {
  LedgerFile file;
  file.path = std::move(path);
  file.size = 10;
  file.mtime_ns = -5;
  file.source_inode = 4;
  file.staged_inode = 8;
  file.xxh3.fill(3);
  file.sha256.emplace().fill(4);
  return file;
}

LedgerBlock BlockOf(std::string path) {
  LedgerBlock block{{std::move(path), 30, 7, 4, 8}, 10, 20, {}};
  block.xxh3.fill(5);
  return block;
}

TEST_CASE("a ledger cut at any byte gives every whole record before the cut, and nothing else", "[agent][ledger]") {
  const std::vector<LedgerRecord> records = {LedgerHeader{"t", {1, 2}, std::string(32, 'l'), "boot", true}, File("a"),
                                             BlockOf("d"), LedgerHashState{{"d", 30, 7, 4, 8}, 10, "running"},
                                             File("b/c")};
  std::string bytes;
  std::vector<size_t> ends;
  for (const LedgerRecord& record : records) {
    bytes += EncodeLedger(record);
    ends.push_back(bytes.size());
  }
  for (size_t size = 0; size <= bytes.size(); ++size) {
    std::string_view left = std::string_view(bytes).substr(0, size);
    size_t read = 0;
    LedgerRecord record;
    size_t consumed = 0;
    while (DecodeLedger(left, &record, &consumed) == LedgerRead::kRecord) {
      CHECK(record == records[read++]);
      left.remove_prefix(consumed);
    }
    size_t whole = 0;
    while (whole < ends.size() && ends[whole] <= size) ++whole;
    CHECK(read == whole);
  }
}

TEST_CASE("any flipped bit of a ledger record is noticed", "[agent][ledger]") {
  const std::string bytes = EncodeLedger(GENERATE(LedgerRecord(File("a")), LedgerRecord(BlockOf("a"))));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    LedgerRecord record;
    size_t consumed = 0;
    CHECK(DecodeLedger(flipped, &record, &consumed) != LedgerRead::kRecord);
  }
}

TEST_CASE("a publish journal comes back as written, and a damaged one is refused", "[agent][journal]") {
  PublishJournal journal;
  journal.phase = PublishPhase::kCommitted;
  journal.transfer = "t";
  journal.agent = "van-1";
  journal.epoch = {3, 4};
  journal.destination = "northlight/sh010";
  journal.listing_digest = std::string(32, 'l');
  journal.files = 5;
  journal.data_inode = 77;
  const std::string bytes = Encode(journal);
  CHECK(DecodeJournal(bytes).value() == journal);
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(DecodeJournal(bytes.substr(0, size)).ok());
  std::string flipped = bytes;
  flipped[30] ^= 1;
  CHECK_FALSE(DecodeJournal(flipped).ok());
}

}  // namespace
}  // namespace crossdock::agent
