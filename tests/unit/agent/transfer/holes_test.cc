// Files with holes: what crosses of them, what lands, and what the next attempt makes of those that broke off.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/storage/content_hash.h"
#include "agent/storage/stretch.h"
#include "agent/storage/tree.h"
#include "agent/transfer/staged_file.h"
#include "catch2/catch.hpp"
#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

constexpr uint64_t kMiB = 1u << 20;
constexpr char kName[] = "cache.vdb";

struct Sparse : LandingPair {
  // Makes the file of `size`, with a MiB of noise at each of `stored`.
  void Make(uint64_t size, const std::vector<uint64_t>& stored) {
    Write(Source(kName), "");
    const base::UniqueFd fd(open(Source(kName).c_str(), O_RDWR | O_CLOEXEC));
    REQUIRE(ftruncate(fd.get(), static_cast<off_t>(size)) == 0);
    for (const uint64_t at : stored) {
      const std::string bytes = Noise(kMiB);
      REQUIRE(pwrite(fd.get(), bytes.data(), kMiB, static_cast<off_t>(at)) == static_cast<ssize_t>(kMiB));
    }
  }
  static uint64_t Stored(const std::string& path) {
    struct stat info {};
    REQUIRE(stat(path.c_str(), &info) == 0);
    return static_cast<uint64_t>(info.st_blocks) * 512;
  }
  bool SameBytes(const std::string& name) {
    const base::UniqueFd a(open(tree.at("a/shots/sh010").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const base::UniqueFd b(open(tree.at("b/in/sh010").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return *SameContent(a.get(), kName, b.get(), name, to_calls);
  }
  void CheckArrived(const Outcome& outcome, uint64_t stored) {
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.sent.ok());
    REQUIRE(outcome.received.ok());
    CHECK(SameBytes(kName));
    // The storage may round up to what it allocates at once.
    CHECK(Stored(Destination(kName)) <= stored + kMiB);
    CHECK(StagingIsEmpty());
  }
  void Approve() {
    ScanResult scanned = Scanned();
    std::atomic<uint64_t> done = 0;
    content_root = *HashContent(*from, scanned.root, &scanned.manifest, &done, {});
  }
};

TEST_CASE("a file with holes arrives with its holes, and only what it stores crosses", "[agent][sparse]") {
  Sparse studio;
  // One that leaves whole, one that leaves in blocks, of which some lie in holes.
  const uint64_t size = GENERATE(3 * kMiB, 40 * kMiB + 77);
  studio.Make(size, {kMiB});
  studio.verify = GENERATE(Verify::kLanded, Verify::kReadback);
  if (GENERATE(false, true)) studio.Approve();
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome, kMiB);
  CHECK(outcome.sent->bytes_sent == kMiB);
  CHECK(outcome.sent->bytes == size);
}

TEST_CASE("a file that is nothing but a hole arrives", "[agent][sparse]") {
  Sparse studio;
  studio.Make(GENERATE(uint64_t{1}, 5000 * kMiB), {});
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome, 0);
  CHECK(outcome.sent->bytes_sent == 0);
}

TEST_CASE("a sparse file takes time for what it stores, and not for what it does not", "[agent][sparse]") {
  Sparse studio;
  constexpr uint64_t kSize = 20'000'000'000;
  studio.Make(kSize, {0, 77 * kMiB, 10'000 * kMiB, 15'000 * kMiB});
  studio.verify = Verify::kReadback;
  const auto began = std::chrono::steady_clock::now();
  const auto outcome = studio.Run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  studio.CheckArrived(outcome, 4 * kMiB);
  CHECK(outcome.sent->bytes_sent == 4 * kMiB);
  WARN("20 GB of which 4 MiB are stored: " << took.count() << " s");
  CHECK(took.count() < 30);
}

TEST_CASE("holes that landed before an attempt broke are not sent again by the next", "[agent][sparse]") {
  Sparse studio;
  const uint64_t size = 200 * kMiB;
  studio.Make(size, {90 * kMiB, 190 * kMiB});
  studio.streams = 1;
  // The line breaks in the last megabyte.
  std::atomic<uint64_t> passed = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& sent) {
    if (leg == 0 || (passed += sent.size()) < kMiB + 600'000) return true;
    studio.exchange.Cut();
    return false;
  };
  CHECK_FALSE(studio.Run().received.ok());
  studio.exchange.meddler = nullptr;
  const auto again = studio.Run();
  studio.CheckArrived(again, 2 * kMiB);
  CHECK(again.received->bytes_resumed >= 90 * kMiB);
  CHECK(again.sent->bytes_sent <= 2 * kMiB);
}

TEST_CASE("a hole that claims more of a block than there is, or less, ends its leg", "[agent][sparse]") {
  Sparse studio;
  studio.Make(3 * kMiB, {kMiB});
  studio.streams = 1;
  const bool more = GENERATE(false, true);
  std::atomic<int> met = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, std::string& bytes) {
    const size_t at = bytes.find(std::string("\x45\0\0\0\x08", 5));
    if (leg == 0 || at == std::string::npos) return true;
    ++met;
    bytes[at + 12] = static_cast<char>(more ? 1 : 0);
    bytes[at + 10] = static_cast<char>(more ? 0x30 : 0x0f);
    return true;
  };
  const auto outcome = studio.Run();
  CHECK(met > 0);
  CHECK(base::ReasonOf(outcome.received.status()) == "PEER_PROTOCOL");
}

TEST_CASE("a second name of a file with holes is no larger where the storage cannot link", "[agent][sparse]") {
  Sparse studio;
  studio.to_calls.links = false;
  studio.Make(40 * kMiB, {8 * kMiB});
  std::filesystem::create_hard_link(studio.Source(kName), studio.Source("other.vdb"));
  const auto outcome = studio.Run();
  studio.CheckArrived(outcome, kMiB);
  CHECK(studio.SameBytes("other.vdb"));
  CHECK(Sparse::Stored(studio.Destination("other.vdb")) <= 2 * kMiB);
}

TEST_CASE("a hole wipes out what an earlier try wrote there, and nothing beside it", "[agent][sparse]") {
  test::TempTree tree;
  DoubleCalls calls;
  calls.nfs = GENERATE(false, true);
  const base::UniqueFd fd(open(tree.at("f").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const std::string noise = Noise(3 * kMiB);
  REQUIRE(pwrite(fd.get(), noise.data(), noise.size(), 0) == static_cast<ssize_t>(noise.size()));
  wire::Entry entry;
  entry.path = "f";
  entry.size = 4 * kMiB;
  REQUIRE(MakeHole(calls, fd.get(), entry, kMiB + 5, kMiB).ok());
  std::string expected = noise + std::string(kMiB, '\0');
  std::fill_n(expected.begin() + kMiB + 5, kMiB, '\0');
  CHECK(*base::ReadFile(tree.at("f"), 8 * kMiB) == expected);
}

}  // namespace
}  // namespace crossdock::agent
