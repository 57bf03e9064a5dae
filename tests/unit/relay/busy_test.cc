#include "relay/busy.h"

#include "catch2/catch.hpp"

namespace crossdock::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const base::Steady kBegin = base::Steady{} + std::chrono::hours(1);

TEST_CASE("busy is the share of all processors since the last figure", "[busy]") {
  BusyMeter meter(seconds(100), kBegin);
  CHECK(meter.PerMille(seconds(105), 2, kBegin + seconds(5)) == 500);
  CHECK(meter.PerMille(seconds(115), 2, kBegin + seconds(10)) == 1000);
  CHECK(meter.PerMille(seconds(115), 2, kBegin + seconds(15)) == 0);
}

TEST_CASE("a moment is too short for a new figure, and its use is counted in the next", "[busy]") {
  BusyMeter meter(seconds(0), kBegin);
  CHECK(meter.PerMille(milliseconds(250), 1, kBegin + seconds(1)) == 250);
  CHECK(meter.PerMille(milliseconds(650), 1, kBegin + milliseconds(1'400)) == 250);
  CHECK(meter.PerMille(milliseconds(1'250), 1, kBegin + milliseconds(2'000)) == 1000);
}

TEST_CASE("a clock that counts more than there was is not believed", "[busy]") {
  BusyMeter meter(seconds(0), kBegin);
  CHECK(meter.PerMille(seconds(9), 2, kBegin + seconds(1)) == 1000);
}

TEST_CASE("processor time rises with work, and there is a processor", "[busy]") {
  const auto before = ProcessorTime();
  while (ProcessorTime() == before) continue;
  CHECK(ProcessorTime() > before);
  CHECK(Processors() >= 1);
}

}  // namespace
}  // namespace crossdock::relay
