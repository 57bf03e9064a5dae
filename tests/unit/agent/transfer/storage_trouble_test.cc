// The destination's storage in trouble in the middle of an attempt: a power cut, a disk that fails or fills at any
// step.
#include "tests/support/landing_pair.h"
#include "tests/support/power_loss.h"

namespace crossdock::agent {
namespace {

constexpr int kFiles = 12;
constexpr size_t kFileSize = 50'000;
constexpr size_t kLarge = 3 * wire::kBlockUnit + 12'345;  // which crosses in blocks

// The receiver's volume on other calls than usual.
template <typename Calls>
class OnStorage : public AttemptPair {
 public:
  OnStorage() : AttemptPair(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") {
    calls.nfs = GENERATE(false, true);
    sender_ends_with_receiver = true;
    Reopen();
  }
  void Reopen() { to = *Volume::Open("proj", tree.at("b"), {}, calls); }
  void WriteSmall() {
    for (int i = 0; i < kFiles; ++i)
      Write(Source("sub" + std::to_string(i % 2) + "/f." + std::to_string(i)), Noise(kFileSize));
  }
  bool Arrived() const {
    const std::string source = tree.at("a/shots/sh010");
    for (const auto& each : std::filesystem::recursive_directory_iterator(source)) {
      if (!each.is_regular_file()) continue;
      const auto there = base::ReadFile(Destination(each.path().lexically_relative(source)), kLarge + 1);
      if (!there.ok() || *there != *base::ReadFile(each.path(), kLarge + 1)) return false;
    }
    return true;
  }
  // As the agent's next start: what was committed is published. True when something was.
  bool Recover() {
    const auto pending = RecoverPublishes(*to, "van-1");
    REQUIRE(pending.ok());
    for (const PendingPublish& each : *pending) {
      const auto done = FinishPublish(
          *to, each, [] { return CommitVerdict::kPublish; }, nullptr, clock);
      INFO(done.status());
      REQUIRE(done.ok());
    }
    return !pending->empty();
  }

  Calls calls;
};

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
    for (int i = 0; i < 2'000 && studio.sender_progress().bytes_done == 0; ++i) usleep(1'000);
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

TEST_CASE("a disk that fails at any step ends the attempt with its reason, and a well one goes on from there") {
  const std::pair<int, std::string> troubles[] = {{EIO, "DESTINATION_WRITE_ERROR"},
                                                  {ENOSPC, "DESTINATION_FULL"},
                                                  {EDQUOT, "DESTINATION_QUOTA"},
                                                  {EROFS, "DESTINATION_READ_ONLY"}};
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
    const auto& [error, reason] = troubles[step % 4];
    std::atomic<int> left = step;
    studio.calls.hook = [&left, error = error](Call call) {
      const bool changes = call != Call::kRead && call != Call::kReadAt;
      return changes && --left < 0 ? error : 0;
    };
    const auto broken = studio.Run();
    INFO("errno " << error << " from step " << step << ": " << broken.received.status());
    // What failed when the package stood at its place is tidying up.
    failed = left < 0;
    if (!broken.received.ok()) CHECK(base::ReasonOf(broken.received.status()) == reason);
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

}  // namespace
}  // namespace crossdock::agent
