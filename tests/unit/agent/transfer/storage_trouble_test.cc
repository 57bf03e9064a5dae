// The destination's storage in trouble in the middle of an attempt: a power cut, a disk that fails or fills at any
// step.
#include "tests/support/on_storage.h"
#include "tests/support/power_loss.h"

namespace crossdock::agent {
namespace {

const std::pair<int, std::string> kTroubles[] = {{EIO, "DESTINATION_WRITE_ERROR"},
                                                 {ENOSPC, "DESTINATION_FULL"},
                                                 {EDQUOT, "DESTINATION_QUOTA"},
                                                 {EROFS, "DESTINATION_READ_ONLY"}};

TEST_CASE("nothing that was acknowledged is lost by a power cut, and none of it is sent again") {
  OnStorage<PowerLossCalls> studio;
  const auto cut = GENERATE(PowerCut::kAllUnsynced, PowerCut::kBytesOnly);
  const bool large = GENERATE(false, true);
  size_t total = 0;
  if (large) {
    studio.Write(studio.Source("plate.mov"), Noise(total = kLarge));
  } else {
    studio.WriteSmall();
    total = kFiles * kFileSize;
  }
  studio.calls.Begin(studio.tree.at("b"), studio.tree.at("graveyard"));
  std::atomic<size_t> passed = 0;
  std::atomic<bool> waits = false;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg == 0 || (passed += bytes.size()) <= total * 9 / 10) return true;
    // One leg waits until something of the others was acknowledged.
    if (waits.exchange(true)) return true;
    Await([&] { return studio.sender_progress().bytes_done > 0; });
    studio.exchange.Cut();
    return true;
  };
  const auto broken = studio.Run();
  CHECK_FALSE(broken.received.ok());
  CHECK(broken.acknowledged.bytes_done > 0);
  studio.to.reset();
  studio.calls.Cut(cut);
  studio.Reopen();
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.sent->bytes_sent + broken.acknowledged.bytes_done <= total);
  CHECK(again.received->files_resumed >= broken.acknowledged.files_done);
  CHECK(studio.Arrived());
  // And what was published stays.
  studio.to.reset();
  studio.calls.Cut(cut);
  CHECK(studio.Arrived());
}

TEST_CASE("what is not synced piece by piece is synced when it is published, and stays") {
  OnStorage<PowerLossCalls> studio;
  const auto cut = GENERATE(PowerCut::kAllUnsynced, PowerCut::kBytesOnly);
  studio.Reopen(Durability::kFast);
  studio.WriteSmall();
  studio.calls.Begin(studio.tree.at("b"), studio.tree.at("graveyard"));
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  studio.to.reset();
  studio.calls.Cut(cut);
  CHECK(studio.Arrived());
}

// A machine that can be started again.
struct StartedAgain : DoubleCalls {
  std::string BootId() override { return boot_id; }
  std::string boot_id = "first";
};

TEST_CASE("a ledger that was not synced is believed in the run of the machine that wrote it alone") {
  OnStorage<StartedAgain> studio;
  const bool loses_power = GENERATE(false, true);
  studio.Reopen(Durability::kFast);
  constexpr size_t kSize = 200'000;
  studio.WriteSmall(kFiles, kSize);
  studio.CutAfter(4, kSize);
  const auto broken = studio.Run();
  REQUIRE_FALSE(broken.received.ok());
  if (loses_power) {
    studio.calls.boot_id = "second";
    // The ledger has reached the disk by itself; of what it speaks of, sizes and times have.
    for (const auto& each : std::filesystem::recursive_directory_iterator(studio.tree.at("b"))) {
      if (!each.is_regular_file() || each.path().filename() == "ledger") continue;
      const auto size = each.file_size();
      const auto written = each.last_write_time();
      std::filesystem::resize_file(each.path(), 0);
      std::filesystem::resize_file(each.path(), size);
      std::filesystem::last_write_time(each.path(), written);
    }
  }
  studio.Reopen(Durability::kFast);
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  if (loses_power) {
    CHECK(again.received->files_resumed == 0);
  } else {
    CHECK(again.received->files_resumed >= broken.acknowledged.files_done);
  }
  CHECK(studio.Arrived());
}

TEST_CASE("what nobody synced is not taken over where everything is promised to be") {
  OnStorage<PowerLossCalls> studio;
  studio.Reopen(Durability::kFast);
  constexpr size_t kSize = 200'000;
  studio.WriteSmall(kFiles, kSize);
  studio.calls.Begin(studio.tree.at("b"), studio.tree.at("graveyard"));
  studio.CutAfter(4, kSize);
  REQUIRE_FALSE(studio.Run().received.ok());
  studio.Reopen(Durability::kSafe);
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed == 0);
  studio.to.reset();
  studio.calls.Cut(PowerCut::kBytesOnly);
  CHECK(studio.Arrived());
}

TEST_CASE("a disk that fails at any step ends the attempt with its reason, and a well one goes on from there") {
  const bool visible = GENERATE(false, true);
  int step = 0;
  for (bool failed = true; failed; ++step) {
    REQUIRE(step < 1'000);
    OnStorage<DoubleCalls> studio;
    studio.WriteSmall();
    if (visible) {
      studio.merge = Merge::kVisible;
      studio.Write(studio.Destination("old.exr"), "old");
    }
    const auto& [error, reason] = kTroubles[step % 4];
    std::atomic<int> left = step;
    studio.calls.hook = [&left, error = error](Call call) { return Changes(call) && --left < 0 ? error : 0; };
    const auto broken = studio.Run();
    INFO("errno " << error << " from step " << step << ": " << broken.received.status());
    // What failed when the package stood at its place is tidying up.
    failed = left < 0;
    if (!broken.received.ok()) {
      CHECK(base::ReasonOf(broken.received.status()) == reason);
      // The sender hears it, too, unless its part was over: everything had landed, and what failed came after.
      if (broken.sent.ok()) {
        CHECK(broken.acknowledged.files_done == kFiles);
      } else {
        CHECK(base::ReasonOf(broken.sent.status()) == reason);
      }
    }
    studio.calls.hook = nullptr;
    if (!studio.Recover() && !broken.received.ok()) {
      const auto again = studio.Run();
      INFO(again.sent.status() << " / " << again.received.status());
      REQUIRE(again.received.ok());
      CHECK(again.received->files_resumed >= broken.acknowledged.files_done);
      CHECK(again.sent->bytes_sent <= (kFiles - broken.acknowledged.files_done) * kFileSize);
    }
    CHECK(studio.Arrived());
    if (visible) CHECK(*base::ReadFile(studio.Destination("old.exr")) == "old");
  }
  CHECK(step > 40);
}

TEST_CASE("power that goes at any step of an attempt takes nothing that was acknowledged") {
  const auto cut = GENERATE(PowerCut::kAllUnsynced, PowerCut::kBytesOnly);
  int step = 0;
  for (bool died = true; died; step += 3) {
    REQUIRE(step < 1'000);
    OnStorage<PowerLossCalls> studio;
    for (int i = 0; i < 6; ++i) studio.Write(studio.Source("sub/f." + std::to_string(i)), Noise(kFileSize));
    studio.calls.Begin(studio.tree.at("b"), studio.tree.at("graveyard"));
    // From here on nothing of what the program does reaches the disk: it is dead, and does not know it.
    std::atomic<int> left = step;
    studio.calls.hook = [&left](Call call) { return Changes(call) && --left < 0 ? EIO : 0; };
    const auto broken = studio.Run();
    died = left < 0;
    studio.calls.hook = nullptr;
    studio.to.reset();
    studio.calls.Cut(cut);
    studio.Reopen();
    INFO("power lost at step " << step << ": " << broken.received.status());
    if (!studio.Recover() && !studio.Arrived()) {
      REQUIRE_FALSE(broken.received.ok());
      const auto again = studio.Run();
      INFO(again.sent.status() << " / " << again.received.status());
      REQUIRE(again.received.ok());
      CHECK(again.received->files_resumed >= broken.acknowledged.files_done);
    }
    CHECK(studio.Arrived());
    // And what was published stays.
    studio.to.reset();
    studio.calls.Cut(cut);
    CHECK(studio.Arrived());
  }
  CHECK(step > 40);
}

TEST_CASE("power that goes again and again in the middle of one delivery loses nothing of what was acknowledged") {
  OnStorage<PowerLossCalls> studio;
  const auto cut = GENERATE(PowerCut::kAllUnsynced, PowerCut::kBytesOnly);
  const bool links = GENERATE(true, false);
  studio.calls.links = links;
  // A single file needs one or the other.
  if (!links) studio.calls.nfs = false;
  constexpr size_t kSize = 200'000;
  studio.WriteSmall(24, kSize);
  studio.calls.Begin(studio.tree.at("b"), studio.tree.at("graveyard"));
  uint64_t acknowledged = 0;
  for (int round = 1; round <= 3; ++round) {
    studio.CutAfter(3, kSize);
    const auto broken = studio.Run();
    INFO("round " << round << ": " << broken.received.status());
    REQUIRE_FALSE(broken.received.ok());
    CHECK(broken.acknowledged.files_done >= acknowledged + 3);
    acknowledged = broken.acknowledged.files_done;
    studio.to.reset();
    studio.calls.Cut(cut);
    studio.Reopen();
  }
  studio.exchange.meddler = nullptr;
  const auto last = studio.Run();
  INFO(last.sent.status() << " / " << last.received.status());
  REQUIRE(last.received.ok());
  CHECK(last.received->files_resumed >= acknowledged);
  CHECK(last.sent->bytes_sent <= (24 - acknowledged) * kSize);
  CHECK(studio.Arrived());
}

TEST_CASE("a bit that flips in the ledger costs what it no longer says, and nothing else") {
  const int part = GENERATE(range(0, 16));
  OnStorage<DoubleCalls> studio;
  constexpr size_t kSize = 200'000;
  studio.WriteSmall(kFiles, kSize);
  studio.CutAfter(5, kSize);
  const auto broken = studio.Run();
  REQUIRE_FALSE(broken.received.ok());
  studio.exchange.meddler = nullptr;
  const std::string path = studio.tree.at("b/.crossdock/t-1/van-1-1.1/ledger");
  std::string ledger = *base::ReadFile(path, 1 << 20);
  uint64_t whole = 0;
  LedgerRecord record;
  size_t consumed = 0;
  for (std::string_view left = ledger; DecodeLedger(left, &record, &consumed) == LedgerRead::kRecord;) {
    whole += std::holds_alternative<LedgerFile>(record) ? 1 : 0;
    left.remove_prefix(consumed);
  }
  REQUIRE(whole >= 5);
  const size_t at = ledger.size() * static_cast<size_t>(part) / 16;
  ledger[at] = static_cast<char>(ledger[at] ^ (1 << part % 8));
  studio.Write(path, ledger);
  const auto again = studio.Run();
  INFO("at " << at << " of " << ledger.size() << ": " << again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  // Records before the bit are believed, none behind it.
  CHECK(again.received->files_resumed < whole);
  CHECK(again.received->files_resumed + 2 >= whole * static_cast<uint64_t>(part) / 16);
  CHECK(again.sent->bytes_sent == (kFiles - again.received->files_resumed) * kSize);
  CHECK(studio.Arrived());
}

TEST_CASE("one write that fails in the middle of a file ends the attempt with its reason, and the next goes on") {
  const auto& [error, reason] = kTroubles[GENERATE(0, 1, 2, 3)];
  int step = error % 4;
  for (bool failed = true; failed; step += 4) {
    REQUIRE(step < 1'000);
    OnStorage<DoubleCalls> studio;
    studio.sender_ends_with_receiver = false;
    studio.WriteSmall(4);
    studio.Write(studio.Source("plate.mov"), Noise(wire::kBlockUnit + 77'777));
    std::atomic<int> left = step;
    studio.calls.hook = [&left, error = error](Call call) {
      return call == Call::kWriteAt && --left == -1 ? error : 0;
    };
    const auto broken = studio.Run();
    INFO("errno " << error << " at write " << step << ": " << broken.received.status());
    failed = left < 0;
    if (failed) {
      CHECK(base::ReasonOf(broken.received.status()) == reason);
      CHECK(base::ReasonOf(broken.sent.status()) == reason);
      CHECK_THAT(broken.received.status().ToString(), Catch::Contains("cannot write '"));
      CHECK_FALSE(std::filesystem::exists(studio.Destination("")));
      const auto again = studio.Run();
      INFO(again.sent.status() << " / " << again.received.status());
      REQUIRE(again.received.ok());
      CHECK(again.sent->bytes_sent + broken.acknowledged.bytes_done <= again.sent->bytes);
    }
    CHECK(studio.Arrived());
  }
  CHECK(step > 8);
}

// A disk that takes so many bytes and no more; of the write that goes beyond, a part.
class FillingCalls : public DoubleCalls {
 public:
  std::atomic<int64_t> room = INT64_MAX;

  ssize_t Write(int fd, const void* bytes, size_t size) override {
    return Fit(&size) ? DoubleCalls::Write(fd, bytes, size) : -1;
  }
  ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) override {
    return Fit(&size) ? DoubleCalls::WriteAt(fd, bytes, size, offset) : -1;
  }

 private:
  bool Fit(size_t* size) {
    const int64_t before = room.fetch_sub(static_cast<int64_t>(*size));
    if (before >= static_cast<int64_t>(*size)) return true;
    *size = before > 0 ? static_cast<size_t>(before) : 0;
    errno = ENOSPC;
    return *size > 0;
  }
};

TEST_CASE("a disk that is full in the middle of any write, the ledger's too, loses nothing of what was acknowledged") {
  constexpr int64_t kTotal = 4 * kFileSize;
  const int64_t stride = 7'919 + GENERATE(0, 40);
  for (int64_t room = 1; room < kTotal + 4'000; room += room < kTotal ? stride : 61) {
    OnStorage<FillingCalls> studio;
    studio.streams = 1;
    studio.WriteSmall(4);
    studio.calls.room = room;
    const auto full = studio.Run();
    INFO("room for " << room << ": " << full.received.status());
    studio.calls.room = INT64_MAX;
    if (!full.received.ok()) {
      CHECK(base::ReasonOf(full.received.status()) == "DESTINATION_FULL");
      if (!studio.Recover()) {
        const auto again = studio.Run();
        INFO(again.sent.status() << " / " << again.received.status());
        REQUIRE(again.received.ok());
        CHECK(again.received->files_resumed >= full.acknowledged.files_done);
      }
    }
    CHECK(studio.Arrived());
  }
}

}  // namespace
}  // namespace crossdock::agent
