// What each verify level finds, and what it does not: bits that flip on the way, at the write, and on the disk.
#include <fcntl.h>
#include <sys/mman.h>

#include <filesystem>
#include <set>

#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSmall = 300'000;
constexpr size_t kLarge = 3 * wire::kBlockUnit + 54'321;  // which crosses in blocks

// Where bits flip: in the files whose names are told, so often.
struct Flipping : AttemptPair {
  Flipping() {
    // Three small ones leave whole before the large one is cut.
    for (const char* name : {"a.exr", "b.exr", "c.exr"}) Write(Source(name), Noise(kSmall));
  }
  void FlipWrites(const std::string& name, int times) {
    to_calls.damage_write = [this, name, times](int fd, char* bytes, size_t size) {
      const fs::path path = fs::read_symlink("/proc/self/fd/" + std::to_string(fd));
      if (path.filename() == name && flipped < times && ++flipped <= times) bytes[size / 2] ^= 0x40;
    };
  }
  bool Same(const std::string& name) const {
    return *base::ReadFile(Destination(name), 2 * kLarge) == *base::ReadFile(Source(name), 2 * kLarge);
  }
  void CheckArrived(const Outcome& outcome) const {
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.sent.ok());
    REQUIRE(outcome.received.ok());
    for (const auto& each : fs::directory_iterator(Source(""))) CHECK(Same(each.path().filename()));
  }

  std::atomic<int> flipped = 0;
};

TEST_CASE("transit, and what is above it, finds a bit that flips on the way") {
  Flipping studio;
  studio.verify = GENERATE(Verify::kTransit, Verify::kLanded, Verify::kReadback);
  if (GENERATE(false, true)) studio.Write(studio.Source("plate.mov"), Noise(kLarge));
  studio.streams = 1;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, std::string& bytes) {
    if (leg != 0 && bytes.size() > kSmall && ++studio.flipped == 1) bytes[kSmall / 2] ^= 4;
    return true;
  };
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome);
  CHECK(studio.flipped > 0);
  CHECK(outcome.sent->bytes_sent > outcome.sent->bytes);
}

TEST_CASE("a bit that flips at the write of a file in blocks is found by every level, and the block is sent again") {
  Flipping studio;
  studio.verify = GENERATE(Verify::kTransit, Verify::kLanded, Verify::kReadback);
  studio.Write(studio.Source("plate.mov"), Noise(kLarge));
  studio.FlipWrites("plate.mov", 1);
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome);
  CHECK(studio.flipped == 1);
  CHECK(outcome.sent->bytes_sent <= outcome.sent->bytes + wire::kBlockUnit);
}

TEST_CASE("a bit that flips at the write of a file that came whole is found by readback, and by nothing less") {
  Flipping studio;
  studio.verify = GENERATE(Verify::kTransit, Verify::kLanded, Verify::kReadback);
  studio.streams = 1;
  studio.FlipWrites("a.exr", 1);
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(studio.flipped == 1);
  CHECK(studio.Same("a.exr") == (studio.verify == Verify::kReadback));
  CHECK(outcome.sent->bytes_sent == outcome.sent->bytes + (studio.verify == Verify::kReadback ? kSmall : 0));
  CHECK(studio.Same("b.exr"));
}

TEST_CASE("storage that never keeps what is written is named after a few tries, and nothing appears") {
  Flipping studio;
  studio.verify = Verify::kReadback;
  const std::string name = GENERATE("b.exr", "plate.mov");
  studio.Write(studio.Source("plate.mov"), Noise(kLarge));
  studio.FlipWrites(name, 1'000'000);
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.sent.status()) == "DIGEST_MISMATCH");
  CHECK(base::ReasonOf(outcome.received.status()) == "DIGEST_MISMATCH");
  CHECK_THAT(outcome.sent.status().ToString(), Catch::Contains(name) && Catch::Contains("reads back from storage"));
  CHECK_FALSE(fs::exists(studio.Destination("")));
  studio.to_calls.damage_write = nullptr;
  studio.CheckArrived(studio.Run());
}

TEST_CASE("readback asks the disk, and not the kernel's memory of what was written") {
  Flipping studio;
  // Filesystems in memory keep everything there.
  if (!studio.to->cheap_fallocate()) return;
  studio.verify = GENERATE(Verify::kLanded, Verify::kReadback);
  std::atomic<int> looked = 0;
  std::atomic<size_t> resident = 0;
  studio.to_calls.on_read = [&] {
    for (const auto& each : fs::recursive_directory_iterator(studio.tree.at("b/.crossdock"))) {
      if (each.path().filename() != "a.exr" || looked.exchange(1) != 0) continue;
      const base::UniqueFd fd(open(each.path().c_str(), O_RDONLY | O_CLOEXEC));
      void* const pages = mmap(nullptr, kSmall, PROT_READ, MAP_SHARED, fd.get(), 0);
      std::vector<unsigned char> in_memory((kSmall + 4095) / 4096);
      REQUIRE(mincore(pages, kSmall, in_memory.data()) == 0);
      for (const unsigned char each_page : in_memory) resident += each_page & 1;
      munmap(pages, kSmall);
    }
    return 0;
  };
  fs::remove(studio.Source("b.exr"));
  fs::remove(studio.Source("c.exr"));
  studio.streams = 1;
  studio.CheckArrived(studio.Run());
  CHECK(looked == (studio.verify == Verify::kReadback ? 1 : 0));
  CHECK(resident == 0);
}

TEST_CASE("a civil clock that jumps while a package crosses moves nothing but the times that are told") {
  AttemptPair studio;
  studio.streams = 1;
  constexpr int kCount = 20;
  for (int i = 0; i < kCount; ++i) studio.Write(studio.Source("f." + std::to_string(i)), Noise(100'000));
  // Ten years back or forth between any two looks at it.
  std::atomic<int> looks = 0;
  studio.clock.skew = [&] { return std::chrono::hours(24 * 3652 * (++looks % 3 - 1)); };
  std::atomic<size_t> passed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg != 0 && (passed += bytes.size()) > kCount * 75'000) studio.exchange.Cut();
    return true;
  };
  CHECK_FALSE(studio.Run().received.ok());
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  INFO(again.sent.status() << " / " << again.received.status());
  REQUIRE(again.received.ok());
  CHECK(looks > 4);
  CHECK(again.received->files_resumed > 0);
  for (int i = 0; i < kCount; ++i) {
    const std::string name = "f." + std::to_string(i);
    CHECK(*base::ReadFile(studio.Destination(name)) == *base::ReadFile(studio.Source(name)));
    CHECK(fs::last_write_time(studio.Destination(name)) == fs::last_write_time(studio.Source(name)));
  }
}

}  // namespace
}  // namespace crossdock::agent
