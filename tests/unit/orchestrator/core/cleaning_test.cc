#include "orchestrator/core/cleaning.h"

#include "catch2/catch.hpp"

namespace crossdock::orchestrator {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

const base::Instant kStart = base::Instant(hours(1000));

HeldStaging Held(State state) {
  HeldStaging held;
  held.state = state;
  held.state_since = kStart;
  return held;
}

TEST_CASE("staging is due a day after its transfer ended, and no sooner", "[cleaning]") {
  for (const State state : {State::kCancelled, State::kFailed, State::kSuperseded, State::kDenied, State::kExpired,
                            State::kClosed, State::kDelivered}) {
    INFO(Name(state));
    CHECK(CleaningDue(Held(state), hours(24)) == kStart + hours(24));
  }
}

TEST_CASE("staging of a transfer that waits is due a day after it last moved", "[cleaning]") {
  for (const State state :
       {State::kReceived, State::kScanning, State::kDeciding, State::kHeld, State::kAwaitingApproval, State::kQueued}) {
    INFO(Name(state));
    HeldStaging held = Held(state);
    CHECK(CleaningDue(held, hours(24)) == kStart + hours(24));
    held.renewed = kStart + hours(3);
    CHECK(CleaningDue(held, hours(24)) == kStart + hours(27));
    held.renewed = kStart - hours(3);
    CHECK(CleaningDue(held, hours(24)) == kStart + hours(24));
  }
}

TEST_CASE("staging is never due while an attempt runs or publishes", "[cleaning]") {
  CHECK_FALSE(CleaningDue(Held(State::kRunning), hours(0)));
  CHECK_FALSE(CleaningDue(Held(State::kPublishing), hours(0)));
}

TEST_CASE("an agent that cannot clean is asked again ever more rarely, at least each hour", "[cleaning]") {
  CHECK(CleaningPause(1) == milliseconds(2'000));
  CHECK(CleaningPause(2) == milliseconds(4'000));
  CHECK(CleaningPause(3) == milliseconds(8'000));
  for (const int refusals : {12, 30, 2'000'000'000}) CHECK(CleaningPause(refusals) == hours(1));
}

}  // namespace
}  // namespace crossdock::orchestrator
