// Large files in blocks over several legs: what arrives, what is damaged or lost on the way, and what the next attempt
// makes of it.
#include <fcntl.h>
#include <unistd.h>

#include <set>

#include "agent/storage/content_hash.h"
#include "catch2/catch.hpp"
#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

// Five blocks, since it is all that there is to do: the last is short.
constexpr size_t kSize = 4 * wire::kBlockUnit + 77'777;
constexpr char kName[] = "plate.mov";

struct Large : LandingPair {
  Large() { Write(Source(kName), content); }
  void CheckArrived(const Outcome& outcome) const {
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.sent.ok());
    REQUIRE(outcome.received.ok());
    CHECK(*base::ReadFile(Destination(kName), 2 * kSize) == content);
    CHECK(StagingIsEmpty());
  }
  // Breaks every line once so many bytes of content have left and so many have landed in blocks.
  void CutAfter(size_t bytes, uint64_t landed) {
    passed = 0;
    exchange.meddler = [this, bytes, landed](uint16_t leg, uint16_t, const std::string& sent) {
      if (leg == 0 || (passed += sent.size()) <= bytes) return true;
      while (Recorded() < landed) std::this_thread::yield();
      exchange.Cut();
      return true;
    };
  }
  // Bytes of the blocks that the fullest ledger knows of.
  uint64_t Recorded() const {
    uint64_t most = 0;
    for (const auto& each : fs::directory_iterator(tree.at("b/.crossdock/t-1"))) {
      const std::string ledger = base::ReadFile(each.path().string() + "/ledger").value_or("");
      uint64_t bytes = 0;
      LedgerRecord record;
      size_t consumed = 0;
      for (std::string_view left = ledger; DecodeLedger(left, &record, &consumed) == LedgerRead::kRecord;) {
        if (const auto* block = std::get_if<LedgerBlock>(&record)) bytes += block->length;
        left.remove_prefix(consumed);
      }
      most = std::max(most, bytes);
    }
    return most;
  }
  std::string Staged() const {
    for (const auto& each : fs::recursive_directory_iterator(tree.at("b/.crossdock"))) {
      if (each.path().filename() == kName) return each.path().string();
    }
    return {};
  }
  // Nobody but storage that fails would do this.
  void FlipStaged(off_t at) const {
    const base::UniqueFd fd(open(Staged().c_str(), O_RDWR | O_CLOEXEC));
    char byte = 0;
    REQUIRE(pread(fd.get(), &byte, 1, at) == 1);
    byte = static_cast<char>(byte ^ 4);
    REQUIRE(pwrite(fd.get(), &byte, 1, at) == 1);
  }
  void Approve() {
    ScanResult scanned = Scanned();
    std::atomic<uint64_t> done = 0;
    content_root = *HashContent(*from, scanned.root, &scanned.manifest, &done, {});
  }

  const std::string content = Noise(kSize);
  std::atomic<size_t> passed = 0;
};

TEST_CASE("a large file crosses in blocks over all legs, and arrives as one") {
  Large studio;
  std::mutex mutex;
  std::set<uint16_t> carrying;
  const auto count = [&](uint16_t leg) {
    const std::lock_guard<std::mutex> lock(mutex);
    carrying.insert(leg);
    return carrying.size();
  };
  // None goes on before all have begun.
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& sent) {
    if (leg == 0 || sent.size() < 77'777) return true;
    while (count(leg) < 3) std::this_thread::yield();
    return true;
  };
  const bool bound = GENERATE(false, true);
  if (bound) studio.Approve();
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome);
  CHECK(outcome.sent->bytes_sent == kSize);
  CHECK(carrying == std::set<uint16_t>{1, 2, 3});
}

TEST_CASE("blocks that landed before an attempt broke are not sent again by the next") {
  Large studio;
  const bool bound = GENERATE(false, true);
  if (bound) studio.Approve();
  // More than the legs together can have in flight.
  studio.CutAfter(kSize * 9 / 10, wire::kBlockUnit);
  const auto broken = studio.Run();
  CHECK_FALSE(broken.received.ok());
  studio.exchange.meddler = nullptr;
  const uint64_t recorded = studio.Recorded();
  const auto again = studio.Run();
  studio.CheckArrived(again);
  CHECK(again.received->bytes_resumed == recorded);
  CHECK(again.sent->bytes_sent == kSize - again.received->bytes_resumed);
}

TEST_CASE("a file that breaks again and again loses nothing of what had landed") {
  Large studio;
  studio.streams = 1;
  studio.CutAfter(kSize * 6 / 10, 2 * wire::kBlockUnit);
  CHECK_FALSE(studio.Run().received.ok());
  studio.CutAfter(kSize * 3 / 10, 3 * wire::kBlockUnit);
  CHECK_FALSE(studio.Run().received.ok());
  const uint64_t recorded = studio.Recorded();
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  studio.CheckArrived(again);
  CHECK(again.received->bytes_resumed == recorded);
}

TEST_CASE("a block that changed on the way is sent again, and no other") {
  Large studio;
  std::atomic<int> changed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, std::string& bytes) {
    if (leg == 0 || bytes.size() < 200'000) return true;
    if (changed++ == 0) bytes[100'000] = static_cast<char>(bytes[100'000] ^ 0x10);
    return true;
  };
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome);
  CHECK(outcome.sent->bytes_sent > kSize);
  CHECK(outcome.sent->bytes_sent <= kSize + wire::kBlockUnit);
}

TEST_CASE("a block that storage changed after it had landed is seen before the file counts as whole") {
  Large studio;
  const bool bound = GENERATE(false, true);
  if (bound) studio.Approve();
  std::atomic<bool> flipped = false;
  // The first read of the staged file is that of its first block, which has been made durable and acknowledged.
  studio.to_calls.on_read = [&] {
    if (!studio.Staged().empty() && !flipped.exchange(true)) studio.FlipStaged(1'000'000);
    return 0;
  };
  const auto outcome = studio.Run();
  CHECK(flipped);
  studio.CheckArrived(outcome);
  CHECK(outcome.sent->bytes_sent == kSize + wire::kBlockUnit);
}

TEST_CASE("a file that other content replaced since it was approved is refused, in blocks too") {
  Large studio;
  studio.Approve();
  studio.content_root[3] = static_cast<char>(studio.content_root[3] ^ 1);
  CHECK(base::ReasonOf(studio.Run().sent.status()) == "SOURCE_CHANGED");
}

TEST_CASE("blocks on a leg that only the sender knows to be lost come again, on another") {
  Large studio;
  studio.streams = 2;
  studio.exchange.receiver_stays_unaware = true;
  std::atomic<int> lost = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg == 0 || lost != 0) return leg == 0 || leg != lost;
    if ((studio.passed += bytes.size()) < 2 * wire::kBlockUnit + 1'000'000) return true;
    lost = leg;
    return false;
  };
  studio.exchange.reachable = [](bool, uint16_t, uint16_t attempt) { return attempt == 0; };
  const auto outcome = studio.Run();
  CHECK(lost != 0);
  studio.CheckArrived(outcome);
}

TEST_CASE("blocks of a file that changed at its source since are not taken over") {
  Large studio;
  studio.CutAfter(kSize * 9 / 10, wire::kBlockUnit);
  CHECK_FALSE(studio.Run().received.ok());
  studio.exchange.meddler = nullptr;
  const std::string other = Noise(kSize);
  studio.Write(studio.Source(kName), other);
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->bytes_resumed == 0);
  CHECK(*base::ReadFile(studio.Destination(kName), 2 * kSize) == other);
}

TEST_CASE("a ledger that is torn anywhere costs what it no longer says, and nothing else") {
  Large studio;
  studio.CutAfter(kSize * 9 / 10, wire::kBlockUnit);
  CHECK_FALSE(studio.Run().received.ok());
  studio.exchange.meddler = nullptr;
  const std::string ledger = fs::path(studio.Staged()).parent_path().parent_path().string() + "/ledger";
  const uintmax_t torn = GENERATE(1u, 90u, 700u);
  fs::resize_file(ledger, fs::file_size(ledger) - std::min(torn, fs::file_size(ledger)));
  studio.CheckArrived(studio.Run());
}

TEST_CASE("a file whose last block lands while the attempt is being stopped is whole for the next") {
  Large studio;
  std::atomic<size_t> passed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& sent) {
    if (leg != 0) passed += sent.size();
    return true;
  };
  studio.to_calls.on_sync = [&] {
    if (passed > kSize && !studio.stop_receiver.stop_requested()) {
      studio.stop_receiver.request_stop();
      // Everything but this thread, and the control leg, which outlives it.
      Await([&] { return studio.exchange.receiver_streams <= 1; });
    }
    return 0;
  };
  const auto stopped = studio.Run();
  CHECK(base::ReasonOf(stopped.received.status()) == "CANCELLED");
  studio.to_calls.on_sync = nullptr;
  studio.exchange.meddler = nullptr;
  studio.stop_receiver = {};
  const auto again = studio.Run();
  studio.CheckArrived(again);
  CHECK(again.sent->bytes_sent < kSize);
}

TEST_CASE("a line that holds much gets more legs, at both ends") {
  Large studio;
  // So much that even between two sockets megabytes would be on their way.
  studio.bytes_per_second_max = uint64_t{1} << 50;
  std::mutex mutex;
  std::set<uint16_t> sending, receiving;
  studio.exchange.reachable = [&](bool sender, uint16_t leg, uint16_t) {
    const std::lock_guard<std::mutex> lock(mutex);
    (sender ? sending : receiving).insert(leg);
    return true;
  };
  studio.CheckArrived(studio.Run());
  const std::set<uint16_t> all = {0, 1, 2, 3, 4};
  CHECK(sending == all);
  CHECK(receiving == all);
}

TEST_CASE("what is read back from storage is read back block by block") {
  Large studio;
  studio.verify = Verify::kReadback;
  studio.CheckArrived(studio.Run());
}

}  // namespace
}  // namespace crossdock::agent
