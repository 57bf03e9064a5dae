#include "orchestrator/core/cleaning.h"

#include <algorithm>

namespace crossdock::orchestrator {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{2'000};
constexpr milliseconds kPauseMax{3'600'000};

}  // namespace

std::optional<base::Instant> CleaningDue(const HeldStaging& held, milliseconds keep) {
  switch (held.state) {
    case State::kRunning:
    case State::kPublishing:
      return std::nullopt;
    // Waiting, for a person perhaps: what lies there for so long is not worth its space.
    case State::kReceived:
    case State::kScanning:
    case State::kDeciding:
    case State::kHeld:
    case State::kAwaitingApproval:
    case State::kQueued:
    case State::kDelivered:
    case State::kClosed:
    case State::kDenied:
    case State::kSuperseded:
    case State::kExpired:
    case State::kCancelled:
    case State::kFailed:
      break;
  }
  return std::max(held.state_since, held.renewed.value_or(held.state_since)) +
         std::min(keep, held.keep_max.value_or(keep));
}

milliseconds CleaningPause(int refusals) {
  const int doublings = std::clamp(refusals - 1, 0, 20);
  return std::min(kPauseMax, kFirstPause * (1 << doublings));
}

}  // namespace crossdock::orchestrator
