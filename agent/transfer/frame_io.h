// Frames over a byte stream. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "agent/transfer/byte_stream.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

// Reads headers, payloads and content through one buffer, which is as large as a segment is written to disk in one go.
class FrameReader {
 public:
  FrameReader(ByteStream& stream, bool control, size_t buffer_size);

  // The next frame's header; its payload must be taken before the next one. PEER_LOST when the stream ends.
  absl::StatusOr<wire::FrameHeader> Header();
  // A whole payload of a small frame. The view lasts until the next call.
  absl::StatusOr<std::string_view> Payload(uint32_t size);
  // Some of a payload of which `left` bytes are left: at least half of what the buffer holds, for one large write.
  absl::StatusOr<std::string_view> Some(uint32_t left);
  // True when the next Header() needs nothing from the stream.
  bool HasFrameStart() const { return end_ - begin_ >= wire::kFrameHeaderSize; }

 private:
  // Makes `size` bytes stand in the buffer; `size` is at most the buffer's.
  absl::Status Need(size_t size);
  std::string_view Take(size_t size);

  ByteStream& stream_;
  const bool control_;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

}  // namespace crossdock::agent
