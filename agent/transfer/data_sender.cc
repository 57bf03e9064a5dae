#include "agent/transfer/data_sender.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

constexpr size_t kFlushSize = 512u << 10;
// A slow leg hands over less at once, so that it looks at its pace this often, or every so many bytes.
constexpr uint64_t kFlushesPerSecond = 4;
constexpr size_t kFlushSizeMin = 16u << 10;
constexpr size_t kWaitingMax = 4u << 20;
// Room for one more file's header and trailer behind a full segment.
constexpr size_t kBufferSize = kFlushSize + 4096;

}  // namespace

DataSender::DataSender(ByteStream& stream, FileCalls& calls, PaceShare& pace, LegClock& clock, LegGauge& gauge,
                       std::atomic<uint64_t>& bytes_moved)
    : stream_(stream),
      calls_(calls),
      pace_(pace),
      clock_(clock),
      gauge_(gauge),
      bytes_moved_(bytes_moved),
      buffer_(kBufferSize) {}

absl::Status DataSender::Hello(const wire::LegHello& hello) {
  Append(Encode(hello));
  return Flush();
}

absl::Status DataSender::Send(const wire::Block& block, const wire::Entry& entry, int package) {
  absl::Status leg;
  SetBusy(true);
  auto file = [&] {
    const LegClock::Section section(clock_, StageOf::kStorage);
    return SourceFile::Open(package, entry, calls_);
  }();
  if (!file.ok()) {
    source_status_ = file.status();
    return leg;
  }
  Append(Encode(block));
  wire::BlockTrailer trailer;
  source_status_ = Content(*file, block, &leg);
  RETURN_IF_ERROR(leg);
  trailer.withdrawn = !source_status_.ok();
  trailer.xxh3 = xxh3_.Finish();
  Append(Encode(trailer));
  // Small files wait for company; the other end shall know of a large block at once.
  return used_ >= kFlushSize || block.length >= kFlushSize ? Flush() : absl::OkStatus();
}

absl::Status DataSender::Content(SourceFile& file, const wire::Block& block, absl::Status* leg) {
  for (uint64_t at = block.offset; at < block.end();) {
    const Stretch stretch = file.StretchFrom(at, block.end());
    if (stretch.hole) {
      xxh3_.UpdateZeros(stretch.length);
      Append(Encode(wire::Hole{stretch.length}));
    } else {
      RETURN_IF_ERROR(Stored(file, stretch, leg));
      if (!leg->ok()) return absl::OkStatus();
    }
    at = stretch.end();
  }
  return file.CheckUnchanged();
}

absl::Status DataSender::Stored(SourceFile& file, const Stretch& stretch, absl::Status* leg) {
  for (uint64_t at = stretch.offset; at < stretch.end();) {
    const size_t flush_size = Pace();
    if (used_ + wire::kFrameHeaderSize >= flush_size && !(*leg = Flush()).ok()) return absl::OkStatus();
    // The bytes are read to where they leave from; their header is put before them once their number is known.
    char* const bytes = buffer_.data() + used_ + wire::kFrameHeaderSize;
    const size_t room = std::min<uint64_t>(stretch.end() - at, flush_size - used_ - wire::kFrameHeaderSize);
    clock_.BeginWait(StageOf::kStorage);
    const auto read = file.ReadAt(at, bytes, room);
    clock_.EndWait(StageOf::kStorage);
    RETURN_IF_ERROR(read.status());
    const size_t got = *read;
    xxh3_.Update({bytes, got});
    const auto header = wire::EncodeSegmentHeader(static_cast<uint32_t>(got));
    std::memcpy(buffer_.data() + used_, header.data(), header.size());
    used_ += header.size() + got;
    at += got;
    bytes_moved_.fetch_add(got, std::memory_order_relaxed);
  }
  return absl::OkStatus();
}

absl::Status DataSender::Flush() {
  const size_t size = std::exchange(used_, 0);
  if (size == 0) return absl::OkStatus();
  gauge_.waiting = true;
  const absl::Status status = stream_.Write({buffer_.data(), size});
  gauge_.waiting = false;
  gauge_.bytes += size;
  return status;
}

absl::Status DataSender::End() {
  Append(wire::EncodeLegEnd());
  RETURN_IF_ERROR(Flush());
  return stream_.CloseWrite();
}

void DataSender::Append(std::string_view bytes) {
  std::memcpy(buffer_.data() + used_, bytes.data(), bytes.size());
  used_ += bytes.size();
}

absl::Status DataSender::Rest() {
  SetBusy(false);
  return Flush();
}

void DataSender::SetBusy(bool busy) {
  if (gauge_.busy.exchange(busy) == busy) return;
  busy ? pace_.Enter() : pace_.Leave();
}

size_t DataSender::Pace() {
  const uint64_t share = pace_.Share();
  if (share != share_applied_) {
    share_applied_ = share;
    // What waits in the socket keeps its pace, and no other leg can take it over: it must not be much.
    const int waiting = static_cast<int>(std::clamp<uint64_t>(share / kFlushesPerSecond, kFlushSizeMin, kWaitingMax));
    // Refused by sockets that cannot be paced (socket pairs): then there is no line to spare either.
    setsockopt(stream_.fd(), SOL_SOCKET, SO_MAX_PACING_RATE, &share, sizeof share);
    setsockopt(stream_.fd(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &waiting, sizeof waiting);
  }
  return std::clamp<uint64_t>(share / kFlushesPerSecond, kFlushSizeMin, kFlushSize);
}

}  // namespace crossdock::agent
