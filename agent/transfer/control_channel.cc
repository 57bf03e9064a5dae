#include "agent/transfer/control_channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <utility>

#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

constexpr size_t kBufferSize = 256u << 10;
constexpr size_t kAcksPerFrame = 4096;

absl::Status Silent() { return Fail(Reason::kPeerSilent, "the peer has said nothing for ", kSilenceMax.count(), " s"); }

}  // namespace

ControlChannel::ControlChannel(ByteStream& stream, const base::Clock& clock, const Lifeline& lifeline)
    : stream_(stream),
      clock_(clock),
      lifeline_(lifeline),
      reader_(stream, /*control=*/true, kBufferSize),
      last_written_(clock.MonotonicNow()),
      last_read_(last_written_) {
  // A peer that stops in the middle of a frame must not hold this thread for ever.
  const timeval limit{kSilenceMax.count(), 0};
  setsockopt(stream.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(stream.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

absl::Status ControlChannel::SendNow(const wire::ControlFrame& frame) {
  RETURN_IF_ERROR(stream_.Write(Encode(frame)));
  last_written_ = clock_.MonotonicNow();
  return absl::OkStatus();
}

absl::StatusOr<wire::ControlFrame> ControlChannel::ReceiveNow() {
  if (ahead_) return *std::exchange(ahead_, std::nullopt);
  while (true) {
    if (lifeline_.ended()) return lifeline_.status();
    if (clock_.MonotonicNow() - last_read_ > kSilenceMax) return Silent();
    if (!Readable(1000, /*wake=*/true)) continue;
    ASSIGN_OR_RETURN(wire::ControlFrame frame, ReadFrame());
    if (!std::holds_alternative<wire::Alive>(frame)) return frame;
  }
}

absl::Status ControlChannel::StayAlive() {
  constexpr int kTimeout = std::chrono::milliseconds(kAliveInterval).count();
  if (ahead_) {
    pollfd wake{lifeline_.wake_fd(), POLLIN, 0};
    if (poll(&wake, 1, kTimeout) > 0) lifeline_.ClearWake();
  } else if (Readable(kTimeout, /*wake=*/true)) {
    ASSIGN_OR_RETURN(wire::ControlFrame frame, ReadFrame());
    if (!std::holds_alternative<wire::Alive>(frame)) ahead_ = std::move(frame);
  }
  if (clock_.MonotonicNow() - last_written_ < kAliveInterval) return absl::OkStatus();
  return SendNow(wire::Alive{});
}

void ControlChannel::Queue(const wire::ControlFrame& frame) {
  {
    base::MutexLock lock(mutex_);
    queue_.push_back(Encode(frame));
  }
  lifeline_.Wake();
}

void ControlChannel::QueueAck(uint32_t index) {
  bool first = false;
  {
    base::MutexLock lock(mutex_);
    first = acks_.empty();
    acks_.push_back(index);
  }
  if (first) lifeline_.Wake();
}

void ControlChannel::FinishWhenWritten() {
  {
    base::MutexLock lock(mutex_);
    finish_ = true;
  }
  lifeline_.Wake();
}

absl::Status ControlChannel::Run(const Handler& handler, const Bulk& next_bulk) {
  const absl::Status status = Loop(handler, next_bulk);
  SayWhy(lifeline_.status().ok() ? status : lifeline_.status());
  return status;
}

void ControlChannel::SayWhy(const absl::Status& status) {
  if (status.ok() || peer_said_why_) return;
  const std::string reason = base::ReasonOf(status);
  const std::string detail(base::ToStd(status.message()));
  if (reason == Name(Reason::kPeerLost) || reason == Name(Reason::kPeerSilent)) return;
  if (reason == Name(Reason::kCancelled)) {
    (void)stream_.Write(Encode(wire::ControlFrame(wire::Stop{reason, detail})));
  } else {
    (void)stream_.Write(Encode(wire::ControlFrame(wire::PeerError{reason, detail})));
  }
  (void)stream_.CloseWrite();
}

absl::Status ControlChannel::Loop(const Handler& handler, const Bulk& next_bulk) {
  last_read_ = clock_.MonotonicNow();
  while (true) {
    if (lifeline_.ended()) return lifeline_.status();
    // Also to a peer that speaks without a pause, as with the list of a million files over a slow line: it counts our
    // silence.
    if (clock_.MonotonicNow() - last_written_ >= kAliveInterval) RETURN_IF_ERROR(SendNow(wire::Alive{}));
    if (Readable(0, /*wake=*/false)) {
      ASSIGN_OR_RETURN(wire::ControlFrame frame, ReadFrame());
      if (std::holds_alternative<wire::Alive>(frame)) continue;
      ASSIGN_OR_RETURN(const bool more, handler(std::move(frame)));
      if (!more) return absl::OkStatus();
      continue;
    }
    ASSIGN_OR_RETURN(const bool written, WriteSome(next_bulk));
    if (written) continue;
    {
      base::MutexLock lock(mutex_);
      if (finish_ && queue_.empty() && acks_.empty()) return absl::OkStatus();
    }
    if (clock_.MonotonicNow() - last_read_ > kSilenceMax) return Silent();
    Readable(1000, /*wake=*/true);
  }
}

absl::StatusOr<bool> ControlChannel::WriteSome(const Bulk& next_bulk) {
  std::string bytes;
  {
    base::MutexLock lock(mutex_);
    if (!acks_.empty()) {
      const size_t count = std::min(acks_.size(), kAcksPerFrame);
      wire::FileAck ack;
      ack.indexes.assign(acks_.begin(), acks_.begin() + static_cast<ptrdiff_t>(count));
      acks_.erase(acks_.begin(), acks_.begin() + static_cast<ptrdiff_t>(count));
      bytes = Encode(wire::ControlFrame(std::move(ack)));
    } else if (!queue_.empty()) {
      bytes = std::move(queue_.front());
      queue_.pop_front();
    }
  }
  if (bytes.empty() && next_bulk) {
    if (auto bulk = next_bulk()) bytes = *std::move(bulk);
  }
  if (bytes.empty()) return false;
  RETURN_IF_ERROR(stream_.Write(bytes));
  last_written_ = clock_.MonotonicNow();
  return true;
}

absl::StatusOr<wire::ControlFrame> ControlChannel::ReadFrame() {
  ASSIGN_OR_RETURN(const wire::FrameHeader header, reader_.Header());
  ASSIGN_OR_RETURN(const std::string_view payload, reader_.Payload(header.size));
  ASSIGN_OR_RETURN(wire::ControlFrame frame, wire::DecodeControl(header.type, payload));
  last_read_ = clock_.MonotonicNow();
  if (const auto* error = std::get_if<wire::PeerError>(&frame)) {
    peer_said_why_ = true;
    const auto reason = wire::ParseReason(error->reason);
    const std::string message = base::StrCat("the peer: ", base::PercentEscape(error->detail));
    if (reason) return wire::Refuse(*reason, message);
    return base::WithReason(absl::AbortedError(message), base::PercentEscape(error->reason));
  }
  if (const auto* stop = std::get_if<wire::Stop>(&frame)) {
    peer_said_why_ = true;
    return Fail(Reason::kPeerStopped, "the peer stopped: ", base::PercentEscape(stop->reason), " ",
                base::PercentEscape(stop->detail));
  }
  return frame;
}

bool ControlChannel::Readable(int timeout_milliseconds, bool wake) {
  if (reader_.HasFrameStart() || stream_.HasBuffered()) return true;
  pollfd fds[] = {{stream_.fd(), POLLIN, 0}, {lifeline_.wake_fd(), POLLIN, 0}};
  if (poll(fds, wake ? 2 : 1, timeout_milliseconds) <= 0) return false;
  if (wake && fds[1].revents != 0) lifeline_.ClearWake();
  return fds[0].revents != 0;
}

void ControlChannel::Close() {
  (void)stream_.CloseWrite();
  const timeval limit{kAliveInterval.count(), 0};
  setsockopt(stream_.fd(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  char ignored[4096];
  while (true) {
    const auto got = stream_.Read(ignored, sizeof ignored);
    if (!got.ok() || *got == 0) return;
  }
}

}  // namespace crossdock::agent
