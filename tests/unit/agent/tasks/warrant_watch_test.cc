#include "agent/tasks/warrant_watch.h"

#include <atomic>
#include <optional>

#include "catch2/catch.hpp"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WarrantPace kQuick{milliseconds(1), milliseconds(30), seconds(30)};
const base::Instant kStart{seconds(1'000'000)};

absl::Status Refusal(std::string_view reason) { return base::WithReason(base::PermissionDenied("no"), reason); }

// Says what the test wants it to, which is news unless the test says otherwise.
class SaidWarrants : public Warrants {
 public:
  absl::StatusOr<Warranted> Check(const Task&, const MoveTask&) const override {
    base::MutexLock lock(mutex_);
    ++asked_;
    changed_.NotifyAll();
    absl::StatusOr<Warranted> answer = answer_;
    if (answer.ok()) answer->revision = revision_;
    return answer;
  }
  uint64_t revision() const override { return revision_; }
  void Say(const absl::StatusOr<Warranted>& answer, bool news = true) {
    base::MutexLock lock(mutex_);
    answer_ = answer;
    if (news) ++revision_;
  }
  // Blocks until it was asked `count` more times.
  void AwaitAsked(int count) {
    base::MutexLock lock(mutex_);
    const int target = asked_ + count;
    while (asked_ < target) changed_.Wait(mutex_);
  }

 private:
  mutable base::Mutex mutex_;
  mutable base::CondVar changed_;
  mutable int asked_ = 0;
  absl::StatusOr<Warranted> answer_ = Warranted();
  std::atomic<uint64_t> revision_ = 0;
};

class ManualClock : public base::Clock {
 public:
  base::Instant Now() const override { return kStart + seconds(offset_); }
  base::Steady MonotonicNow() const override { return real_.MonotonicNow(); }
  void Advance(int by) { offset_ += by; }

 private:
  base::SystemClock real_;
  std::atomic<int> offset_ = 0;
};

Task Moving(bool send) {
  MoveTask move;
  move.send = send;
  return {"send/t-1/1.1", "t-1", move};
}

// A watch over a task that Check has just let go.
struct Watched {
  explicit Watched(base::Instant until = base::Instant::max(), bool send = false) : control(Moving(send)) {
    first.until = until;
    warrants.Say(first, false);
    watch.emplace(warrants, control, control.task(), first, clock, kQuick);
  }
  // True when it stops within five seconds.
  bool Stops() {
    base::Mutex mutex;
    base::CondVar stopped;
    const std::stop_callback wake(watch->stop(), [&] {
      base::MutexLock lock(mutex);
      stopped.NotifyAll();
    });
    base::MutexLock lock(mutex);
    for (int i = 0; i < 500 && !watch->stop().stop_requested(); ++i) stopped.WaitFor(mutex, milliseconds(10));
    return watch->stop().stop_requested();
  }
  std::string Why() { return base::ReasonOf(watch->lapsed()); }

  Warranted first;
  SaidWarrants warrants;
  ManualClock clock;
  TaskControl control;
  std::optional<WarrantWatch> watch;
};

TEST_CASE("what no longer may move is stopped as soon as the agent hears why, and the why is kept") {
  Watched moving;
  moving.warrants.Say(Refusal("CLEARANCE_NEEDS_APPROVALS"));
  REQUIRE(moving.Stops());
  CHECK(moving.Why() == "CLEARANCE_NEEDS_APPROVALS");
  CHECK(base::ReasonOf(moving.watch->Settle()) == "CLEARANCE_NEEDS_APPROVALS");
}

TEST_CASE("what still may goes on, and is asked about once for each piece of news") {
  Watched moving;
  moving.warrants.Say(Warranted());
  moving.warrants.AwaitAsked(1);
  moving.warrants.Say(Warranted());
  moving.warrants.AwaitAsked(1);
  CHECK_FALSE(moving.watch->stop().stop_requested());
  CHECK(moving.watch->Settle().ok());
}

TEST_CASE("a release scan that is wanted only now stops whoever sends without one, and not who receives") {
  Warranted scanned;
  scanned.scan = true;
  Watched receiving;
  receiving.warrants.Say(scanned);
  receiving.warrants.AwaitAsked(1);
  CHECK(receiving.watch->Settle().ok());
  Watched sending(base::Instant::max(), true);
  sending.warrants.Say(scanned);
  REQUIRE(sending.Stops());
  CHECK(sending.Why() == "RELEASE_SCAN_DUE");
}

TEST_CASE("newer rules stop it only when the task that goes by them does not come") {
  Watched moving;
  moving.warrants.Say(Refusal("POLICY_TOO_OLD"));
  moving.warrants.AwaitAsked(2);
  CHECK_FALSE(moving.watch->stop().stop_requested());
  REQUIRE(moving.Stops());
  CHECK(moving.Why() == "POLICY_TOO_OLD");
}

TEST_CASE("what ends by time alone is stopped, some time after the orchestrator should have") {
  Watched moving(kStart + seconds(60));
  moving.warrants.Say(Refusal("CLEARANCE_NEEDS_APPROVALS"), false);
  moving.clock.Advance(89);
  CHECK_FALSE(moving.watch->stop().stop_requested());
  CHECK(moving.watch->lapsed().ok());
  moving.clock.Advance(1);
  REQUIRE(moving.Stops());
  CHECK(moving.Why() == "CLEARANCE_NEEDS_APPROVALS");
}

TEST_CASE("before an agent lends its word it looks once more; afterwards nothing stops it") {
  SECTION("and does not lend it") {
    Watched moving;
    moving.warrants.Say(Refusal("CLEARANCE_DENIED"));
    CHECK(base::ReasonOf(moving.watch->Settle()) == "CLEARANCE_DENIED");
    CHECK(moving.Stops());
  }
  SECTION("and lends it") {
    Watched moving;
    REQUIRE(moving.watch->Settle().ok());
    moving.warrants.Say(Refusal("CLEARANCE_DENIED"));
    CHECK(moving.watch->Settle().ok());
    CHECK(moving.watch->lapsed().ok());
    CHECK_FALSE(moving.watch->stop().stop_requested());
  }
}

}  // namespace
}  // namespace crossdock::agent
