// An attempt in trouble: lines that break, bytes that change, disks that fill; and what the next attempt makes of it.
#include <fcntl.h>
#include <sys/stat.h>

#include "agent/storage/content_hash.h"
#include "catch2/catch.hpp"
#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 20;
constexpr size_t kFileSize = 100'000;

std::string Frame(int index) { return "f." + std::to_string(1001 + index) + ".exr"; }

void WriteFrames(const AttemptPair& studio) {
  for (int i = 0; i < kFiles; ++i) studio.Write(studio.Source(Frame(i)), Noise(kFileSize));
}

void CheckFrames(const AttemptPair& studio) {
  for (int i = 0; i < kFiles; ++i) {
    CHECK(*base::ReadFile(studio.Destination(Frame(i))) == *base::ReadFile(studio.Source(Frame(i))));
  }
}

TEST_CASE("what landed before an attempt broke is not sent again by the next") {
  LandingPair studio;
  studio.streams = 1;
  WriteFrames(studio);
  std::atomic<size_t> passed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg != 0 && (passed += bytes.size()) > kFiles * kFileSize * 3 / 4) studio.exchange.Cut();
    return true;
  };
  const auto broken = studio.Run();
  CHECK_FALSE(broken.sent.ok());
  CHECK_FALSE(broken.received.ok());
  CHECK_FALSE(fs::exists(studio.Destination("")));
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed > 0);
  CHECK(again.sent->bytes_sent == (kFiles - again.received->files_resumed) * kFileSize);
  CheckFrames(studio);
  CHECK(studio.StagingIsEmpty());
}

TEST_CASE("a leg that breaks is dialled again, and the attempt goes on") {
  LandingPair studio;
  WriteFrames(studio);
  std::atomic<size_t> passed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t attempt, const std::string& bytes) {
    if (leg != 2 || attempt != 0) return true;
    passed += bytes.size();
    return passed < kFileSize;
  };
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  CheckFrames(studio);
}

TEST_CASE("a file comes again on another leg while the receiver still waits for it on the lost one") {
  LandingPair studio;
  studio.streams = 2;
  studio.Write(studio.Source("a.mov"), Noise(3'000'000));
  studio.exchange.receiver_stays_unaware = true;
  std::atomic<int> lost = 0;
  std::atomic<size_t> passed = 0;
  // The leg that carries the file breaks in the middle of it, once, and only the sender is told.
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg == 0 || lost != 0) return leg == 0 || leg != lost;
    passed += bytes.size();
    if (passed < 1'500'000) return true;
    lost = leg;
    return false;
  };
  studio.exchange.reachable = [](bool, uint16_t, uint16_t attempt) { return attempt == 0; };
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(lost != 0);
  CHECK(*base::ReadFile(studio.Destination("a.mov")) == *base::ReadFile(studio.Source("a.mov")));
}

TEST_CASE("bytes that changed on the way are seen, and the file is sent again") {
  LandingPair studio;
  studio.streams = 1;
  studio.Write(studio.Source("a.mov"), Noise(3'000'000));
  std::atomic<int> changed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, std::string& bytes) {
    if (leg == 0 || bytes.size() < 200'000) return true;
    if (changed++ == 0) bytes[100'000] = static_cast<char>(bytes[100'000] ^ 0x10);
    return true;
  };
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(outcome.sent->bytes_sent == 6'000'000);
  CHECK(*base::ReadFile(studio.Destination("a.mov")) == *base::ReadFile(studio.Source("a.mov")));
}

TEST_CASE("a leg that stands still while the others move is replaced, and what it carried comes on others") {
  AttemptPair studio;
  studio.streams = 5;
  studio.leg_window = std::chrono::milliseconds(300);
  for (int i = 0; i < 600; ++i) studio.Write(studio.Source("f." + std::to_string(i)), Noise(kFileSize));
  std::atomic<bool> stands = false;
  std::atomic<bool> replaced = false;
  std::promise<void> again;
  const std::shared_future<void> dialled_again = again.get_future().share();
  studio.exchange.reachable = [&](bool sender, uint16_t leg, uint16_t attempt) {
    if (!sender && leg == 2 && attempt == 1 && !replaced.exchange(true)) again.set_value();
    return true;
  };
  studio.exchange.meddler = [&](uint16_t leg, uint16_t attempt, const std::string& bytes) {
    if (leg == 0 || bytes.size() < kFileSize) return true;
    if (leg == 2 && attempt == 0 && !stands.exchange(true)) {
      // Nothing moves here until the other end dials the leg again: then this connection is lost.
      dialled_again.wait_for(std::chrono::seconds(20));
      return false;
    }
    // The others would be done before anybody could judge.
    dialled_again.wait_for(std::chrono::milliseconds(20));
    return true;
  };
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(replaced);
}

TEST_CASE("a source that changes while it is read ends the attempt, and nothing of it is published") {
  LandingPair studio;
  studio.Write(studio.Source("a.mov"), Noise(3'000'000));
  const ScanResult decided = studio.Scanned();
  std::atomic<int> reads = 0;
  studio.from_calls.on_read = [&] {
    if (++reads == 2) studio.Write(studio.Source("a.mov"), Noise(3'000'000));
    return 0;
  };
  const auto outcome = studio.Run(decided);
  CHECK(base::ReasonOf(outcome.sent.status()) == "SOURCE_CHANGED");
  CHECK_FALSE(outcome.received.ok());
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

TEST_CASE("a source that cannot be read is named, and the receiver is told why") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "a");
  const ScanResult decided = studio.Scanned();
  studio.from_calls.on_read = [] { return EIO; };
  const auto outcome = studio.Run(decided);
  CHECK(base::ReasonOf(outcome.sent.status()) == "SOURCE_READ_ERROR");
  CHECK_THAT(outcome.sent.status().ToString(), Catch::Contains("a.exr"));
  CHECK(base::ReasonOf(outcome.received.status()) == "SOURCE_READ_ERROR");
}

TEST_CASE("a destination that fills up says so to both ends and loses nothing") {
  LandingPair studio;
  studio.streams = 1;
  WriteFrames(studio);
  std::atomic<size_t> written = 0;
  // The ledger's few bytes still fit.
  studio.to_calls.on_write = [&](size_t size) {
    return size > 1000 && (written += size) > kFiles * kFileSize / 2 ? ENOSPC : 0;
  };
  const auto full = studio.Run();
  CHECK(base::ReasonOf(full.received.status()) == "DESTINATION_FULL");
  CHECK(base::ReasonOf(full.sent.status()) == "DESTINATION_FULL");
  CHECK_FALSE(fs::exists(studio.Destination("")));
  studio.to_calls.on_write = nullptr;
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed > 0);
  CheckFrames(studio);
}

TEST_CASE("a receiver that cannot begin says why, and the sender ends at once, also in the middle of hashing") {
  LandingPair studio;
  WriteFrames(studio);
  const bool hashing = GENERATE(false, true);
  std::atomic<int> hashed = 0;
  if (hashing) {
    ScanResult scanned = studio.Scanned();
    std::atomic<uint64_t> done = 0;
    studio.content_root = *HashContent(*studio.from, scanned.root, &scanned.manifest, &done, {});
    studio.from_calls.on_read = [&hashed] {
      ++hashed;
      usleep(100'000);
      return 0;
    };
  }
  studio.to_calls.hook = [&](Call call) {
    for (int i = 0; hashing && hashed == 0 && i < 5'000; ++i) usleep(1'000);
    return call == Call::kMakeDirectory ? EROFS : 0;
  };
  const base::Steady began = studio.clock.MonotonicNow();
  const auto refused = studio.Run();
  CHECK(studio.clock.MonotonicNow() - began < std::chrono::seconds(10));
  CHECK(base::ReasonOf(refused.received.status()) == "DESTINATION_READ_ONLY");
  CHECK(base::ReasonOf(refused.sent.status()) == "DESTINATION_READ_ONLY");
  CHECK((hashed > 0) == hashing);
  CHECK(hashed < kFiles);
}

TEST_CASE("a receiver that cannot begin does not wait for ever for a sender that does not come") {
  LandingPair studio;
  WriteFrames(studio);
  studio.exchange.reachable = [](bool sender, uint16_t, uint16_t) { return sender; };
  studio.refusal_wait = std::chrono::milliseconds(50);
  studio.sender_ends_with_receiver = true;
  studio.to_calls.hook = [](Call call) { return call == Call::kMakeDirectory ? EROFS : 0; };
  const base::Steady began = studio.clock.MonotonicNow();
  CHECK(base::ReasonOf(studio.Run().received.status()) == "DESTINATION_READ_ONLY");
  CHECK(studio.clock.MonotonicNow() - began < std::chrono::seconds(2));
}

TEST_CASE("storage that cannot make a file durable does not acknowledge it") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), Noise(kFileSize));
  std::atomic<bool> arriving = false;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    arriving = arriving || (leg != 0 && bytes.size() > kFileSize / 2);
    return true;
  };
  studio.to_calls.on_sync = [&] { return arriving ? EIO : 0; };
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "DESTINATION_WRITE_ERROR");
  CHECK(studio.files_receipted == 0);
}

TEST_CASE("a receiver that is stopped tells the sender, and what had landed stays for the next attempt") {
  LandingPair studio;
  studio.streams = 1;
  WriteFrames(studio);
  std::atomic<size_t> passed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg != 0 && (passed += bytes.size()) > kFiles * kFileSize / 2) studio.stop_receiver.request_stop();
    return true;
  };
  const auto stopped = studio.Run();
  CHECK(base::ReasonOf(stopped.sent.status()) == "PEER_STOPPED");
  CHECK(base::ReasonOf(stopped.received.status()) == "CANCELLED");
  CHECK_FALSE(fs::exists(studio.Destination("")));
  CHECK_FALSE(studio.StagingIsEmpty());
}

}  // namespace
}  // namespace crossdock::agent
