// The source in trouble in the middle of an attempt: storage that fails, bits that flip, files that somebody changes.
#include <filesystem>

#include "agent/storage/content_hash.h"
#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 4;
constexpr size_t kFileSize = 700'000;
constexpr size_t kLarge = 2 * wire::kBlockUnit + 54'321;  // which crosses in blocks

bool IsOpen(int fd, const std::string& path) { return fs::read_symlink("/proc/self/fd/" + std::to_string(fd)) == path; }

struct TroubledSource : AttemptPair {
  TroubledSource() : AttemptPair(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") {
    for (int i = 0; i < kFiles; ++i) Write(Source("f." + std::to_string(i)), Noise(kFileSize));
    Write(Source("plate.mov"), Noise(kLarge));
  }
  void CheckArrived(const Outcome& outcome) const {
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.sent.ok());
    REQUIRE(outcome.received.ok());
    for (const auto& each : fs::directory_iterator(Source(""))) {
      CHECK(*base::ReadFile(Destination(each.path().filename()), 2 * kLarge) ==
            *base::ReadFile(each.path(), 2 * kLarge));
    }
  }
  void Approve() {
    ScanResult scanned = Scanned();
    std::atomic<uint64_t> done = 0;
    content_root = *HashContent(*from, scanned.root, &scanned.manifest, &done, {});
  }
};

TEST_CASE("a source that fails at any read ends the attempt and names the file, and a well one goes on from there") {
  constexpr int kErrors[] = {EIO, ESTALE, ENOSPC, EDQUOT, EROFS};
  int step = 0;
  for (bool failed = true; failed; step += 3) {
    REQUIRE(step < 1'000);
    const int error = kErrors[step % 5];
    TroubledSource studio;
    const ScanResult decided = studio.Scanned();
    std::atomic<int> left = step;
    studio.from_calls.on_read = [&] { return --left < 0 ? error : 0; };
    const auto broken = studio.Run(decided);
    failed = left < 0;
    INFO("errno " << error << " at read " << step << ": " << broken.sent.status());
    if (!failed) {
      studio.CheckArrived(broken);
      break;
    }
    CHECK(base::ReasonOf(broken.sent.status()) == "SOURCE_READ_ERROR");
    CHECK(base::ReasonOf(broken.received.status()) == "SOURCE_READ_ERROR");
    CHECK_THAT(broken.sent.status().ToString(), Catch::Contains("cannot read '"));
    CHECK_FALSE(fs::exists(studio.Destination("")));
    studio.from_calls.on_read = nullptr;
    const auto again = studio.Run(decided);
    studio.CheckArrived(again);
    CHECK(again.sent->bytes_sent + broken.acknowledged.bytes_done <= decided.manifest.bytes());
  }
  CHECK(step > 12);
}

TEST_CASE("a file that grows, shrinks, is replaced or deleted while it is sent ends the attempt, and nothing appears") {
  const std::string name = GENERATE("f.2", "plate.mov");
  const std::string what = GENERATE("grows", "shrinks", "is replaced", "is deleted", "is written over");
  INFO(name << " " << what);
  TroubledSource studio;
  const std::string path = studio.Source(name);
  const ScanResult decided = studio.Scanned();
  const std::string full = fs::canonical(path);
  std::atomic<bool> done = false;
  studio.from_calls.damage_read = [&](int fd, char*, size_t) {
    if (!IsOpen(fd, full) || done.exchange(true)) return;
    if (what == "grows") {
      std::ofstream(path, std::ios::app) << "more";
    } else if (what == "shrinks") {
      fs::resize_file(path, 1'000);
    } else if (what == "is replaced") {
      studio.Write(studio.tree.at("a/other"), Noise(fs::file_size(path)));
      fs::rename(studio.tree.at("a/other"), path);
    } else if (what == "is deleted") {
      fs::remove(path);
    } else {
      const auto written = fs::last_write_time(path);
      std::fstream(path, std::ios::in | std::ios::out) << "other";
      fs::last_write_time(path, written);
    }
  };
  const auto broken = studio.Run(decided);
  CHECK(done);
  CHECK(base::ReasonOf(broken.sent.status()) == "SOURCE_CHANGED");
  CHECK(base::ReasonOf(broken.received.status()) == "SOURCE_CHANGED");
  CHECK_THAT(broken.sent.status().ToString(), Catch::Contains(name));
  CHECK_FALSE(fs::exists(studio.Destination("")));
  // What stands there now is listed and decided again, and arrives.
  studio.from_calls.damage_read = nullptr;
  studio.CheckArrived(studio.Run());
}

TEST_CASE("a bit that flips while approved content is read is seen, and the file is sent again") {
  const std::string name = GENERATE("f.2", "plate.mov");
  TroubledSource studio;
  studio.Approve();
  const std::string full = fs::canonical(studio.Source(name));
  // Each file is read twice: to compare it with what was approved, and to send it.
  std::atomic<uint64_t> read = 0;
  std::atomic<bool> flipped = false;
  studio.from_calls.damage_read = [&](int fd, char* bytes, size_t size) {
    if (!IsOpen(fd, full)) return;
    const bool sending = (read += size) > fs::file_size(full);
    if (sending && !flipped.exchange(true)) bytes[size / 2] = static_cast<char>(bytes[size / 2] ^ 0x20);
  };
  const auto outcome = studio.Run();
  CHECK(flipped);
  studio.CheckArrived(outcome);
  CHECK(outcome.sent->bytes_sent > outcome.sent->bytes);
}

TEST_CASE("a source that goes on giving other bytes than were approved is named, and nothing appears") {
  TroubledSource studio;
  studio.Approve();
  const std::string full = fs::canonical(studio.Source("f.2"));
  std::atomic<uint64_t> read = 0;
  studio.from_calls.damage_read = [&](int fd, char* bytes, size_t size) {
    if (!IsOpen(fd, full)) return;
    if ((read += size) > fs::file_size(full)) bytes[0] = static_cast<char>(bytes[0] ^ 1);
  };
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.sent.status()) == "DIGEST_MISMATCH");
  CHECK_THAT(outcome.sent.status().ToString(), Catch::Contains("f.2"));
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

}  // namespace
}  // namespace crossdock::agent
