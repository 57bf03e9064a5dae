#include "agent/core/stage_times.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

using std::chrono::seconds;

base::Steady At(int second) { return base::Steady(seconds(second)); }

TEST_CASE("shares are of the time between two looks", "[agent][stages]") {
  StageTimes times;
  const int leg = 0;
  times.AddWork(seconds(5));
  const StageSums before = times.Sums(At(100));
  CHECK(SharesBetween(before, before) == StageShares{});
  times.BeginWait(&leg, StageOf::kStorage, At(100));
  times.EndWait(&leg, StageOf::kStorage, seconds(1), At(104));
  CHECK(SharesBetween(before, times.Sums(At(104))) == StageShares{0.75f, 0.25f, 0, 0, 0, 0});
}

TEST_CASE("a wait counts while it lasts, and for what it turned out to be", "[agent][stages]") {
  StageTimes times;
  const int leg = 0, other = 0;
  times.BeginWait(&leg, StageOf::kLine, At(10));
  const StageSums before = times.Sums(At(10));
  times.BeginWait(&other, StageOf::kStorage, At(14));
  const StageSums during = times.Sums(At(16));
  CHECK(during == StageSums{seconds(2), seconds(0), seconds(0), seconds(0), seconds(6), seconds(0)});
  times.EndWait(&leg, StageOf::kCap, seconds(0), At(20));
  const StageSums after = times.Sums(At(20));
  CHECK(after == StageSums{seconds(6), seconds(0), seconds(10), seconds(0), seconds(0), seconds(0)});
  CHECK(SharesBetween(before, after)[static_cast<size_t>(StageOf::kLine)] == 0);
}

TEST_CASE("the next attempt begins at nothing again", "[agent][stages]") {
  const StageSums before{seconds(0), seconds(9)}, after{seconds(3), seconds(1)};
  CHECK(SharesBetween(before, after) == StageShares{0.75f, 0.25f, 0, 0, 0, 0});
}

}  // namespace
}  // namespace crossdock::agent
