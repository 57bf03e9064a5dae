// The control leg of an attempt: one thread reads and writes it (a TLS connection has one user), others queue.
//
// Reading goes before writing, and what is written at once is small: so neither side can wait for the other to read.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/transfer/frame_io.h"
#include "agent/transfer/lifeline.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

inline constexpr std::chrono::seconds kAliveInterval(5);
inline constexpr std::chrono::seconds kSilenceMax(30);

class ControlChannel {
 public:
  // Everything must outlive it.
  ControlChannel(ByteStream& stream, const base::Clock& clock, const Lifeline& lifeline);

  // Before Run, on its thread. Now() skips `alive`; an `error` or `stop` of the peer comes back as its reason.
  absl::Status SendNow(const wire::ControlFrame& frame);
  absl::StatusOr<wire::ControlFrame> ReceiveNow();
  // Waits for a wake-up, at most kAliveInterval, while it is this side's turn to speak: says `alive` when that is due,
  // and gives the reason of a peer that ends. One frame that comes before its turn is kept for ReceiveNow.
  absl::Status StayAlive();

  // From any thread.
  void Queue(const wire::ControlFrame& frame);
  void QueueAck(uint32_t index);
  // Lets Run return OK once all that is queued has been written.
  void FinishWhenWritten();

  // Runs until a handler returns false (done), FinishWhenWritten, an error, or the attempt's end. `next_bulk` gives
  // an encoded frame when there is one more to stream, with nothing more urgent to write. When the attempt failed
  // here, the peer is told why.
  using Handler = std::function<absl::StatusOr<bool>(wire::ControlFrame frame)>;
  using Bulk = std::function<std::optional<std::string>()>;
  absl::Status Run(const Handler& handler, const Bulk& next_bulk);

  // Ends in order: says that nothing follows and waits, at most kAliveInterval, for the peer to do the same.
  void Close();
  // Tells the peer why this side ends; best effort.
  void SayWhy(const absl::Status& status);

 private:
  absl::Status Loop(const Handler& handler, const Bulk& next_bulk);
  // True when something was written.
  absl::StatusOr<bool> WriteSome(const Bulk& next_bulk);
  absl::StatusOr<wire::ControlFrame> ReadFrame();
  bool Readable(int timeout_milliseconds, bool wake);

  ByteStream& stream_;
  const base::Clock& clock_;
  const Lifeline& lifeline_;
  FrameReader reader_;
  base::Steady last_written_;
  base::Steady last_read_;
  bool peer_said_why_ = false;
  std::optional<wire::ControlFrame> ahead_;
  base::Mutex mutex_;
  std::deque<std::string> queue_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint32_t> acks_ ABSL_GUARDED_BY(mutex_);
  bool finish_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace crossdock::agent
