#include "agent/transfer/frame_io.h"

#include <algorithm>
#include <cstring>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

FrameReader::FrameReader(ByteStream& stream, bool control, size_t buffer_size)
    : stream_(stream), control_(control), buffer_(buffer_size) {}

absl::StatusOr<wire::FrameHeader> FrameReader::Header() {
  RETURN_IF_ERROR(Need(wire::kFrameHeaderSize));
  return wire::DecodeHeader(Take(wire::kFrameHeaderSize), control_);
}

absl::StatusOr<std::string_view> FrameReader::Payload(uint32_t size) {
  if (size > buffer_.size()) {
    // Manifest chunks and long lists on the control leg: rare, so the buffer grows only for them.
    INVARIANT(size <= wire::kControlPayloadMax) << "a payload above every limit";
    std::vector<char> larger(size);
    std::memcpy(larger.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    buffer_ = std::move(larger);
  }
  RETURN_IF_ERROR(Need(size));
  return Take(size);
}

absl::StatusOr<std::string_view> FrameReader::Some(uint32_t left) {
  // Half of the buffer: to wait for all of it would first move what stands behind its start to the front.
  RETURN_IF_ERROR(Need(std::min<size_t>(left, buffer_.size() / 2)));
  return Take(std::min<size_t>(left, end_ - begin_));
}

absl::Status FrameReader::Need(size_t size) {
  if (end_ - begin_ >= size) return absl::OkStatus();
  if (begin_ + size > buffer_.size()) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < size) {
    ASSIGN_OR_RETURN(const size_t got, stream_.Read(buffer_.data() + end_, buffer_.size() - end_));
    if (got == 0) return Fail(wire::Reason::kPeerLost, "the connection to the peer ended in the middle of the work");
    end_ += got;
  }
  return absl::OkStatus();
}

std::string_view FrameReader::Take(size_t size) {
  const std::string_view out(buffer_.data() + begin_, size);
  begin_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
  return out;
}

}  // namespace crossdock::agent
