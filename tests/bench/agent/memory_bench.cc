// What a package of very many files takes of memory at each end: `TMPDIR=/dev/shm memory_bench [files] [resume]`. Each
// end is a process of its own, joined by socket pairs, without TLS; what is told is the most that was resident. With
// `resume` the receiver dies when half of the files have landed, and both ends' next attempt is measured.
#include <malloc.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/support/attempt_pair.h"

namespace crossdock::agent {
namespace {

constexpr uint16_t kStreams = 8;
constexpr double kMiB = 1u << 20;

using Pairs = std::vector<std::pair<base::UniqueFd, base::UniqueFd>>;

// The end of each leg's socket pair that is this process's.
class PairDialer : public LegDialer {
 public:
  PairDialer(Pairs& pairs, bool sender) : pairs_(pairs), sender_(sender) {}
  absl::StatusOr<std::unique_ptr<ByteStream>> Dial(uint16_t leg, uint16_t attempt, std::stop_token) override {
    if (attempt > 0 || leg >= pairs_.size()) return wire::Refuse(wire::Reason::kPeerUnreachable, "only once");
    auto& [first, second] = pairs_[leg];
    (sender_ ? second : first).Reset();
    return std::make_unique<SocketStream>(std::move(sender_ ? first : second), leg, attempt, nullptr);
  }

 private:
  Pairs& pairs_;
  const bool sender_;
};

double PeakMiB() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::atof(line.c_str() + 6) * 1024 / kMiB;
  }
  return 0;
}

struct Bench {
  test::TempTree tree;
  base::SystemClock clock;
  SystemFileCalls calls;
  std::string listing;
  uint64_t files = 0;
  uint64_t bytes = 0;

  std::unique_ptr<Volume> Open(const char* name) { return *Volume::Open("proj", tree.at(name), {}, calls); }

  void Make(uint64_t count) {
    const std::string directory = tree.at("a/shots/sh010/comp/v001/cache");
    std::filesystem::create_directories(directory);
    std::filesystem::create_directories(tree.at("b"));
    for (uint64_t i = 0; i < count; ++i) {
      std::ofstream(directory + "/particles." + std::to_string(1'000'000 + i) + ".bgeo") << 'x';
    }
    files = bytes = count;
  }
  AttemptTerms Terms(uint64_t epoch) const {
    AttemptTerms terms;
    terms.transfer = "t-1";
    terms.epoch = {1, epoch};
    terms.listing_digest = listing;
    terms.streams = kStreams;
    terms.files = files;
    terms.bytes = bytes;
    return terms;
  }
  bool Send(Pairs& pairs, uint64_t epoch) {
    const auto volume = Open("a");
    PairDialer dialer(pairs, true);
    SendPlan plan;
    plan.terms = Terms(epoch);
    plan.source = {"shots", {}};
    plan.bytes_per_second_max = 4'000'000;  // as in AttemptPair
    return SendAttempt(std::move(plan), {clock, *volume, dialer}).Run({}).ok();
  }
  // Dies once `die_after` files have landed.
  bool Receive(Pairs& pairs, uint64_t epoch, uint64_t die_after) {
    const auto volume = Open("b");
    PairDialer dialer(pairs, false);
    ReceivePlan plan;
    plan.terms = Terms(epoch);
    plan.agent = "van-1";
    plan.destination = {"in/shots", {}};
    plan.commit = []() -> absl::StatusOr<CommitVerdict> { return CommitVerdict::kPublish; };
    ReceiveAttempt attempt(std::move(plan), {clock, *volume, dialer});
    const std::jthread killer([&](const std::stop_token& stop) {
      while (die_after > 0 && !stop.stop_requested()) {
        if (attempt.progress().files_done >= die_after) _exit(0);
        std::this_thread::yield();
      }
    });
    return attempt.Run({}).ok();
  }
};

// Runs `work` in a process of its own and tells what it took. False when it failed.
bool InProcess(const char* name, const std::function<bool()>& work) {
  const pid_t child = fork();
  if (child != 0) return child > 0;
  const bool done = work();
  if (name != nullptr) std::printf("%-10s %s, at most %.0f MiB resident\n", name, done ? "done" : "FAILED", PeakMiB());
  std::fflush(stdout);
  _exit(done ? 0 : 1);
}

bool WaitForAll(int count) {
  bool all = true;
  for (int status = 0; count > 0; --count)
    all = wait(&status) > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 && all;
  return all;
}

bool Attempt(Bench& bench, uint64_t epoch, uint64_t die_after) {
  Pairs pairs;
  for (int leg = 0; leg <= kStreams; ++leg) {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return false;
    pairs.emplace_back(fds[0], fds[1]);
  }
  const auto name = [&](const char* side) { return die_after == 0 ? side : nullptr; };
  // A broken line must be noticed: each end closes the other's sockets.
  const auto mine = [&](bool sender) {
    for (auto& [first, second] : pairs) (sender ? second : first).Reset();
  };
  InProcess(name("sender"), [&] {
    mine(true);
    return bench.Send(pairs, epoch);
  });
  InProcess(name("receiver"), [&] {
    mine(false);
    return bench.Receive(pairs, epoch, die_after);
  });
  pairs.clear();
  return WaitForAll(2);
}

int Main(uint64_t count, bool resume) {
  Bench bench;
  bench.Make(count);
  int channel[2];
  if (pipe(channel) != 0) return 1;
  InProcess("scan", [&] {
    const auto volume = bench.Open("a");
    const auto result = Scan(*volume, {"shots", {}}, {}, {});
    return result.ok() && write(channel[1], result->listing_digest.data(), 32) == 32;
  });
  bench.listing.resize(32);
  if (read(channel[0], bench.listing.data(), 32) != 32 || !WaitForAll(1)) return 1;
  if (resume) Attempt(bench, 1, count / 2);
  return Attempt(bench, 2, 0) ? 0 : 1;
}

}  // namespace
}  // namespace crossdock::agent

int main(int argc, char** argv) {
  const uint64_t files = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  return crossdock::agent::Main(files, argc > 2);
}
