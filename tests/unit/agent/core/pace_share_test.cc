#include "agent/core/pace_share.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

TEST_CASE("the legs that have something to send share the whole cap") {
  PaceShare pace(800);
  CHECK(pace.Share() == 800);
  for (int i = 0; i < 8; ++i) pace.Enter();
  CHECK(pace.Share() == 100);
  for (int i = 0; i < 7; ++i) pace.Leave();
  CHECK(pace.Share() == 800);
  pace.SetCap(400);
  CHECK(pace.Share() == 400);
}

TEST_CASE("without a cap nobody is paced, and with one nobody stands still") {
  PaceShare pace(0);
  pace.Enter();
  CHECK(pace.Share() == PaceShare::kUnlimited);
  pace.SetCap(1);
  pace.Enter();
  CHECK(pace.Share() == 1);
}

}  // namespace
}  // namespace crossdock::agent
