// What has no room at the destination is refused before anything of it is sent; what is there already needs none again.
#include <filesystem>

#include "tests/support/on_storage.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSize = 49 * 4096;

class FillingVolume : public OnStorage<DoubleCalls> {
 public:
  FillingVolume() {
    calls.on_space = [this](struct statvfs* info) {
      info->f_bsize = info->f_frsize = 4096;
      info->f_bavail = free / 4096;
      info->f_files = 1'000'000;
      info->f_favail = files_free;
    };
  }
  // Bytes that `count` files need, with a block each on top.
  static uint64_t Need(uint64_t count) { return count * (kSize + 4096); }

  std::atomic<uint64_t> free = uint64_t{1} << 40;
  std::atomic<uint64_t> files_free = 1'000'000;
  std::atomic<uint64_t> content = 0;
};

TEST_CASE("a package for which there is no room is refused at both ends before a byte of it is sent") {
  FillingVolume studio;
  studio.WriteSmall(kFiles, kSize);
  // With the two directories of them it does not fit.
  const bool inodes = GENERATE(false, true);
  if (inodes) {
    studio.files_free = kFiles + 1;
  } else {
    studio.free = studio.Need(kFiles);
  }
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg != 0 && bytes.size() > 1'000) studio.content += bytes.size();
    return true;
  };
  const auto full = studio.Run();
  CHECK(base::ReasonOf(full.received.status()) == "DESTINATION_FULL");
  CHECK(base::ReasonOf(full.sent.status()) == "DESTINATION_FULL");
  const std::string free = inodes ? "room for 13 more files" : std::to_string(studio.free) + " bytes free";
  CHECK_THAT(full.received.status().ToString(), Catch::Contains(free));
  CHECK_THAT(full.sent.status().ToString(), Catch::Contains(free));
  CHECK(studio.content == 0);
  studio.free = studio.Need(kFiles) + 2 * 4096;
  studio.files_free = kFiles + 2;
  const auto again = studio.Run();
  INFO(again.received.status());
  REQUIRE(again.received.ok());
  CHECK(studio.Arrived());
}

TEST_CASE("what has landed needs no room again, however often an attempt broke, and the rest of it does") {
  FillingVolume studio;
  studio.WriteSmall(24, kSize);
  uint64_t landed = 0;
  for (int round = 0; round < 3; ++round) {
    studio.CutAfter(3, kSize);
    const auto broken = studio.Run();
    REQUIRE_FALSE(broken.received.ok());
    landed = broken.acknowledged.files_done;
  }
  REQUIRE(landed >= 9);
  studio.exchange.meddler = nullptr;
  // Were what has landed counted once for each attempt, the rest would seem to need nothing.
  studio.free = 4 * kSize;
  CHECK(base::ReasonOf(studio.Run().received.status()) == "DESTINATION_FULL");
  studio.free = studio.Need(24 - landed) + 2 * 4096;
  studio.files_free = 24 - landed + 2;
  const auto again = studio.Run();
  INFO(again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed >= landed);
  CHECK(studio.Arrived());
}

TEST_CASE("what broken attempts left and nobody can use gives way when there is no room otherwise") {
  FillingVolume studio;
  studio.WriteSmall(kFiles, kSize);
  studio.CutAfter(5, kSize);
  const auto broken = studio.Run();
  REQUIRE_FALSE(broken.received.ok());
  studio.exchange.meddler = nullptr;
  const std::string left = studio.tree.at("b/.crossdock/t-1/van-1-1.1");
  REQUIRE(fs::exists(left));
  const bool nothing_usable = GENERATE(false, true);
  if (nothing_usable) fs::remove(left + "/ledger");
  const auto used = studio.calls.on_space;
  studio.calls.on_space = [&](struct statvfs* info) {
    studio.free = fs::exists(left) ? kSize : studio.Need(kFiles + 2);
    used(info);
  };
  const auto again = studio.Run();
  INFO(again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed >= (nothing_usable ? 0 : broken.acknowledged.files_done));
  CHECK(studio.Arrived());
}

TEST_CASE("a file that has its space on the disk is not counted a second time while it is written") {
  AttemptPair studio;
  if (!studio.to->cheap_fallocate()) return;
  studio.Write(studio.Source("plate.mov"), std::string(20 << 20, 'x'));
  studio.to_calls.on_space = [](struct statvfs* info) {
    info->f_frsize = 4096;
    info->f_bavail = 1'000'000;
  };
  std::atomic<uint64_t> reserved_most = 0;
  studio.to_calls.on_write = [&](size_t size) {
    if (size < 10'000) return 0;
    const uint64_t reserved = 4096 * 1'000'000ull - studio.to->space()->bytes_free;
    if (reserved > reserved_most) reserved_most = reserved;
    return 0;
  };
  const auto outcome = studio.Run();
  REQUIRE(outcome.received.ok());
  CHECK(reserved_most <= 4096);
  CHECK(studio.to->space()->bytes_free == 4096 * 1'000'000ull);
}

}  // namespace
}  // namespace crossdock::agent
