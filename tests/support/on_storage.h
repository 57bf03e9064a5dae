// An attempt whose destination is on a double of its storage, in memory where that is possible.
#pragma once

#include <unistd.h>

#include "catch2/catch.hpp"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {

constexpr int kFiles = 12;
constexpr size_t kFileSize = 50'000;
constexpr size_t kLarge = 3 * wire::kBlockUnit + 12'345;  // which crosses in blocks

// The receiver's volume on other calls than usual.
template <typename Calls>
class OnStorage : public AttemptPair {
 public:
  OnStorage() : AttemptPair(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") {
    calls.nfs = GENERATE(false, true);
    Reopen();
  }
  void Reopen(Durability durability = Durability::kSafe) {
    VolumeOptions options;
    options.durability = durability;
    to = *Volume::Open("proj", tree.at("b"), options, calls);
  }
  void WriteSmall(int files = kFiles, size_t size = kFileSize) {
    for (int i = 0; i < files; ++i)
      Write(Source("sub" + std::to_string(i % 2) + "/f." + std::to_string(i)), Noise(size));
  }
  // Of files of `size` bytes on one leg: breaks every line once the sender knows that `files` more have landed.
  void CutAfter(uint64_t files, size_t size) {
    streams = 1;
    exchange.meddler = [=, this, passed = size_t{0}, known = uint64_t{0}](uint16_t leg, uint16_t,
                                                                          const std::string& bytes) mutable {
      // What landed earlier is known before the first content leaves.
      if (leg == 0 || bytes.size() < size) return true;
      if (passed == 0) known = sender_progress().files_done;
      // A leg hands over half a megabyte at a time.
      if ((passed += bytes.size()) < files * size + 600'000) return true;
      Await([&] { return sender_progress().files_done >= known + files; });
      exchange.Cut();
      return false;
    };
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

}  // namespace crossdock::agent
