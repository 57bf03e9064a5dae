// One attempt at sending a package: files or blocks of them to whichever data leg is free, acknowledged asynchronously.
//
//   scan (own thread) ─┐
//   control leg ───────┴─ hello, manifest ▶ ◀ have, acknowledgements, published     the thread that calls Run
//   data legs 1…N ─────── header, segments, trailer ▶                               a thread each
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <thread>

#include "agent/core/leg_watch.h"
#include "agent/core/pace_share.h"
#include "agent/core/send_board.h"
#include "agent/transfer/control_channel.h"
#include "agent/transfer/leg_gauge.h"
#include "agent/transfer/lifeline.h"
#include "agent/transfer/plan.h"

namespace crossdock::agent {

class SendAttempt {
 public:
  SendAttempt(SendPlan plan, const Deps& deps);
  ~SendAttempt();

  // Once. Blocks until the receiver has published, or the attempt failed (a wire::Reason rides on the status). OK also
  // when the line broke after `landed` had succeeded: the sender's part is done, what follows is the receiver's.
  absl::StatusOr<SendResult> Run(std::stop_token stop);
  // Thread-safe.
  Progress progress() const { return counters_.Snapshot(deps_.clock.MonotonicNow()); }
  // Bytes per second over all legs, 0 for no cap; from now on. Thread-safe.
  void SetRate(uint64_t bytes_per_second_max) { pace_.SetCap(bytes_per_second_max); }

 private:
  absl::StatusOr<SendResult> RunInside(Lifeline& lifeline);
  absl::Status Prepare(const std::stop_token& stop);
  absl::Status AwaitPrepared(ControlChannel& control, const Lifeline& lifeline);
  absl::Status Greet(ControlChannel& control, Lifeline& lifeline);
  absl::StatusOr<bool> Handle(wire::ControlFrame frame, ControlChannel& control, Lifeline& lifeline);
  absl::StatusOr<bool> HandleRefused(const wire::BlockRefused& refused);
  // Hands the receipt in, on a thread of its own: the control leg must go on answering.
  void SayLanded(Lifeline& lifeline) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Waits for the receipt that is on its way, however the control leg ended. True when it was handed in.
  bool JoinLanded(const absl::Status& control);
  // Replaces data legs that hang behind, until the attempt ends.
  void WatchLegs(const Lifeline& lifeline);
  // Lets there be `count` data legs. On Run's thread only.
  void StartLegs(uint16_t count, Lifeline& lifeline);
  void RunDataLeg(uint16_t leg, Lifeline& lifeline);
  std::optional<wire::Block> NextBlock(uint16_t leg);
  // Blocks until something waits (true), or every file is acknowledged or the attempt has ended (false). An error when
  // the leg breaks meanwhile: what it carried last may have been lost with it.
  absl::StatusOr<bool> WaitForMore(const ByteStream& stream, const Lifeline& lifeline);
  absl::Status TakeAcks(const wire::ControlFrame& frame) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  SendPlan plan_;
  const Deps deps_;
  ProgressCounters counters_;
  PaceShare pace_;
  std::vector<std::jthread> legs_;
  SendResult result_;
  std::shared_ptr<const ScanResult> package_;  // set once, before the board
  base::UniqueFd package_directory_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::optional<absl::Status> prepared_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<SendBoard> board_ ABSL_GUARDED_BY(mutex_);
  bool may_send_ ABSL_GUARDED_BY(mutex_) = false;
  bool sent_said_ ABSL_GUARDED_BY(mutex_) = false;
  int legs_alive_ ABSL_GUARDED_BY(mutex_) = 0;
  struct Leg {
    LegGauge gauge;
    ByteStream* stream = nullptr;  // while there is one
  };
  std::map<uint16_t, Leg> leg_states_ ABSL_GUARDED_BY(mutex_);
  // Of the receipt alone, which outlives a line that breaks.
  std::stop_source landed_stop_;
  absl::Status landed_status_ ABSL_GUARDED_BY(mutex_);
  std::thread landed_ ABSL_GUARDED_BY(mutex_);  // started once; joined by JoinLanded
};

}  // namespace crossdock::agent
