// Says where the time of one data leg's thread goes. Not thread-safe: a leg's thread makes one and uses it.
//
// A part of the thread's life counts as what it waited for, less the processor time that it took meanwhile, which
// counts as work wherever it was spent.
#pragma once

#include <chrono>
#include <functional>

#include "agent/core/stage_times.h"
#include "agent/transfer/byte_stream.h"

namespace crossdock::agent {

class LegClock {
 public:
  // Both must outlive it.
  LegClock(StageTimes& times, const base::Clock& clock);

  base::Steady Now() const { return clock_.MonotonicNow(); }

  // From here on the leg waits for `stage`, as far as it knows.
  void BeginWait(StageOf stage);
  // It waited for `stage`, and works again.
  void EndWait(StageOf stage);

  class Section {
   public:
    Section(LegClock& clock, StageOf stage) : clock_(clock), stage_(stage) { clock_.BeginWait(stage_); }
    ~Section() { clock_.EndWait(stage_); }
    Section(const Section&) = delete;
    Section& operator=(const Section&) = delete;

   private:
    LegClock& clock_;
    const StageOf stage_;
  };

 private:
  StageTimes& times_;
  const base::Clock& clock_;
  std::chrono::nanoseconds cpu_;
};

// A leg's stream whose waits are counted. `stream` and `clock` must outlive it.
class TimedStream : public ByteStream {
 public:
  // `share`: bytes per second that this leg may send now, for telling the cap from the line; none: it receives.
  TimedStream(ByteStream& stream, LegClock& clock, std::function<uint64_t()> share)
      : stream_(stream), clock_(clock), share_(std::move(share)) {}
  absl::StatusOr<size_t> Read(char* bytes, size_t size) override;
  absl::Status Write(std::string_view bytes) override;
  absl::Status CloseWrite() override { return stream_.CloseWrite(); }
  void Abort() override { stream_.Abort(); }
  bool HasBuffered() const override { return stream_.HasBuffered(); }
  int fd() const override { return stream_.fd(); }

 private:
  ByteStream& stream_;
  // Of the last writes, halved now and then so that old ones are forgotten.
  struct Lately {
    double bytes = 0;
    double share = 0;  // what the leg might have sent meanwhile
    double seconds = 0;
  };
  StageOf WaitedFor(size_t bytes, double seconds, uint64_t share, bool own_network);

  LegClock& clock_;
  const std::function<uint64_t()> share_;
  Lately lately_;
  StageOf last_ = StageOf::kLine;
};

}  // namespace crossdock::agent
