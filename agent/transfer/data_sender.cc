#include "agent/transfer/data_sender.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

constexpr size_t kFlushSize = 512u << 10;
// Room for one more file's header and trailer behind a full segment.
constexpr size_t kBufferSize = kFlushSize + 4096;

}  // namespace

DataSender::DataSender(ByteStream& stream, FileCalls& calls, const std::atomic<uint64_t>& rate, uint16_t streams,
                       std::atomic<uint64_t>& bytes_moved)
    : stream_(stream), calls_(calls), rate_(rate), streams_(streams), bytes_moved_(bytes_moved), buffer_(kBufferSize) {}

absl::Status DataSender::Hello(const wire::LegHello& hello) {
  ApplyRate();
  Append(Encode(hello));
  return Flush();
}

absl::Status DataSender::Send(uint32_t index, const wire::Entry& entry, int package) {
  absl::Status leg;
  auto file = SourceFile::Open(package, entry, calls_);
  if (!file.ok()) {
    source_status_ = file.status();
    return leg;
  }
  Append(Encode(wire::FileHeader{index, 0, entry.size, wire::kWholeFile}));
  wire::FileTrailer trailer;
  source_status_ = Content(*file, entry, &leg);
  RETURN_IF_ERROR(leg);
  trailer.withdrawn = !source_status_.ok();
  trailer.xxh3 = xxh3_.Finish();
  Append(Encode(trailer));
  return used_ >= kFlushSize ? Flush() : absl::OkStatus();
}

absl::Status DataSender::Content(SourceFile& file, const wire::Entry& entry, absl::Status* leg) {
  for (uint64_t left = entry.size; left > 0;) {
    if (used_ + wire::kFrameHeaderSize >= kFlushSize && !(*leg = Flush()).ok()) return absl::OkStatus();
    ApplyRate();
    // The bytes are read to where they leave from; their header is put before them once their number is known.
    char* const bytes = buffer_.data() + used_ + wire::kFrameHeaderSize;
    const size_t room = std::min<uint64_t>(left, kFlushSize - used_ - wire::kFrameHeaderSize);
    ASSIGN_OR_RETURN(const size_t got, file.Read(bytes, room));
    if (got == 0) {
      return Fail(wire::Reason::kSourceChanged, "'", base::PercentEscape(entry.path),
                  "' became shorter while it was read");
    }
    xxh3_.Update({bytes, got});
    const auto header = wire::EncodeSegmentHeader(static_cast<uint32_t>(got));
    std::memcpy(buffer_.data() + used_, header.data(), header.size());
    used_ += header.size() + got;
    left -= got;
    bytes_moved_.fetch_add(got, std::memory_order_relaxed);
  }
  return file.CheckUnchanged();
}

absl::Status DataSender::Flush() {
  const size_t size = std::exchange(used_, 0);
  return size == 0 ? absl::OkStatus() : stream_.Write({buffer_.data(), size});
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

void DataSender::ApplyRate() {
  const uint64_t rate = rate_.load(std::memory_order_relaxed);
  if (rate == rate_applied_) return;
  rate_applied_ = rate;
  const uint64_t share = rate == 0 ? ~uint64_t{0} : std::max<uint64_t>(rate / streams_, 1);
  // Refused by sockets that cannot be paced (socket pairs): then there is no line to spare either.
  setsockopt(stream_.fd(), SOL_SOCKET, SO_MAX_PACING_RATE, &share, sizeof share);
}

}  // namespace crossdock::agent
