#include "lib/base/crew.h"

#include <atomic>
#include <memory>

#include "catch2/catch.hpp"

namespace crossdock::base {
namespace {

TEST_CASE("a crew waits for all its threads, and for those that they have started") {
  std::atomic<int> done = 0;
  Crew crew;
  for (int number = 0; number < 20; ++number) {
    crew.Start([&] {
      crew.Start([&] { ++done; });
      ++done;
    });
  }
  crew.JoinAll();
  CHECK(done == 40);
}

TEST_CASE("a crew that goes waits first, and what a thread's work held is gone by then") {
  const auto held = std::make_shared<int>(0);
  {
    Crew crew;
    for (int number = 0; number < 20; ++number) {
      crew.Start([held = held] { std::this_thread::yield(); });
    }
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("a crew starts others after it was waited for") {
  Crew crew;
  crew.JoinAll();
  bool ran = false;
  crew.Start([&] { ran = true; });
  crew.JoinAll();
  CHECK(ran);
}

}  // namespace
}  // namespace crossdock::base
