#include "agent/transfer/leg_loop.h"

#include "agent/core/stops.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

// False when the attempt ended meanwhile.
bool WaitBeforeRetry(int failures, const Lifeline& lifeline) {
  return WaitUnlessStopped(lifeline.token(), std::chrono::milliseconds(50 << failures));
}

// What the peer or the policy said is not a line's bad luck.
bool WorthRetry(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason.empty() || wire::RetryOf(reason) != wire::RetryClass::kNeedsPerson;
}

}  // namespace

absl::Status RunLeg(uint16_t leg, LegDialer& dialer, Lifeline& lifeline,
                    const std::function<LegOutcome(ByteStream& stream, uint16_t attempt)>& work) {
  int failures = 0;
  for (uint16_t attempt = 0; !lifeline.ended(); ++attempt) {
    absl::Status status;
    auto stream = dialer.Dial(leg, attempt, lifeline.token());
    if (stream.ok()) {
      const std::stop_callback abort(lifeline.token(), [&] { (*stream)->Abort(); });
      const LegOutcome outcome = work(**stream, attempt);
      if (outcome.status.ok()) return absl::OkStatus();
      if (outcome.moved) failures = 0;
      status = outcome.status;
    } else {
      status = stream.status();
    }
    if (lifeline.ended()) break;
    LOG_INFO("leg broke", {{"leg", leg}, {"attempt", attempt}, {"error", status.ToString()}});
    if (++failures >= kLegFailuresMax || attempt == UINT16_MAX || !WorthRetry(status)) return status;
    if (!WaitBeforeRetry(failures, lifeline)) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<ByteStream>> DialControl(LegDialer& dialer, Lifeline& lifeline) {
  for (uint16_t attempt = 0;; ++attempt) {
    auto stream = dialer.Dial(0, attempt, lifeline.token());
    if (stream.ok() || attempt + 1 >= kLegFailuresMax || !WorthRetry(stream.status())) return stream;
    if (!WaitBeforeRetry(attempt + 1, lifeline)) return lifeline.status();
  }
}

}  // namespace crossdock::agent
