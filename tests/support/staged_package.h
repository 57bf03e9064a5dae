// A volume with a complete package in staging, about to be published.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "agent/transfer/publish.h"
#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/support/double_calls.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {

// Never the same time twice.
class TickingClock : public base::Clock {
 public:
  base::Instant Now() const override { return base::Instant(std::chrono::seconds(++ticks_)); }
  base::Steady MonotonicNow() const override { return {}; }

 private:
  mutable int ticks_ = 0;
};

// Calls is DoubleCalls, or a double of that.
template <typename Calls>
class BasicStagedPackage {
 public:
  BasicStagedPackage() {
    std::filesystem::create_directories(tree.at("v"));
    volume = *Volume::Open("proj", tree.at("v"), {}, calls);
    journal.transfer = "t-1";
    journal.agent = "van-1";
    journal.epoch = {1, 7};
    journal.destination = "in/sh010";
    journal.listing_digest = std::string(32, 'l');
  }

  void Stage(const std::map<std::string, std::string>& files) {
    for (const auto& [path, content] : files) {
      tree.Write("v/" + staging + "/data/" + path, content);
      journal.files += 1;
      journal.bytes += content.size();
    }
    struct stat info {};
    REQUIRE(stat(tree.at("v/" + staging + "/data").c_str(), &info) == 0);
    journal.data_inode = info.st_ino;
  }

  // As the attempt, or after a failure whoever tries again: from the journal, when there is one.
  absl::StatusOr<PublishJournal> PublishIt() {
    const auto pending = RecoverPublishes(*volume, "van-1");
    REQUIRE(pending.ok());
    const base::UniqueFd directory(open(tree.at("v/" + staging).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return Publish(*volume, directory.get(), pending->empty() ? journal : pending->front().journal, commit, clock);
  }
  // As at the start of the program: every journal that is left. Says how many receipts were made.
  int Recover() {
    int receipts = 0;
    const auto pending = RecoverPublishes(*volume, "van-1");
    REQUIRE(pending.ok());
    for (const PendingPublish& each : *pending) {
      const auto done = FinishPublish(
          *volume, each, commit,
          [&](const PublishJournal&) {
            ++receipts;
            return absl::OkStatus();
          },
          clock);
      INFO(done.status());
      REQUIRE(done.ok());
    }
    return receipts;
  }
  bool HasJournal() const { return tree.Exists("v/" + staging + "/journal"); }

  // Whether `what` came to the call number `step`, and died before it.
  bool DiesAt(int step, const std::function<void()>& what) {
    calls.hook = [left = step](Call) mutable -> int {
      if (--left < 0) throw Crash();
      return 0;
    };
    bool died = false;
    try {
      what();
    } catch (const Crash&) {
      died = true;
    }
    calls.hook = nullptr;
    return died;
  }
  // From the call number `step` on, whatever changes something fails with `error`.
  void FailsFrom(int step, int error) {
    calls.hook = [left = step, error](Call call) mutable { return Changes(call) && --left < 0 ? error : 0; };
  }

  // In memory where that is possible: there are thousands of these.
  test::TempTree tree{access("/dev/shm", W_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path().string()};
  TickingClock clock;
  Calls calls;
  std::unique_ptr<Volume> volume;
  const std::string staging = ".crossdock/t-1/van-1-1.7";
  PublishJournal journal;
  int asked = 0;
  absl::StatusOr<CommitVerdict> verdict = CommitVerdict::kPublish;
  std::function<void()> on_commit;
  const CommitCallback commit = [this] {
    ++asked;
    if (on_commit) on_commit();
    return verdict;
  };
};

using StagedPackage = BasicStagedPackage<DoubleCalls>;

}  // namespace crossdock::agent
