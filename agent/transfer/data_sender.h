// The sender's side of one data leg: blocks become frames, small ones share a write. Not thread-safe.
#pragma once

#include <atomic>
#include <vector>

#include "agent/core/pace_share.h"
#include "agent/storage/source_file.h"
#include "agent/storage/xxh3.h"
#include "agent/transfer/byte_stream.h"
#include "agent/transfer/leg_clock.h"
#include "agent/transfer/leg_gauge.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

class DataSender {
 public:
  // `pace` is watched while sending; `bytes_moved` counts content.
  DataSender(ByteStream& stream, FileCalls& calls, PaceShare& pace, LegClock& clock, LegGauge& gauge,
             std::atomic<uint64_t>& bytes_moved);
  ~DataSender() { SetBusy(false); }
  DataSender(const DataSender&) = delete;
  DataSender& operator=(const DataSender&) = delete;

  absl::Status Hello(const wire::LegHello& hello);
  // Reads the block of the file below `package` and sends it. An error is the leg's. When the source is to blame, the
  // block is withdrawn on the wire, the result is OK, and source_status() says why.
  absl::Status Send(const wire::Block& block, const wire::Entry& entry, int package);
  // Nothing to do for now: sends what waits for company, and leaves the pace to the other legs.
  absl::Status Rest();
  // Says that no more files come, and nothing else.
  absl::Status End();
  const absl::Status& source_status() const { return source_status_; }

 private:
  void Append(std::string_view bytes);
  // Sends the block's bytes and holes; the error is the source's, `leg` gets the leg's.
  absl::Status Content(SourceFile& file, const wire::Block& block, absl::Status* leg);
  // Reads bytes into segments.
  absl::Status Stored(SourceFile& file, const Stretch& stretch, absl::Status* leg);
  absl::Status Flush();
  void SetBusy(bool busy);
  // Paces the socket to the leg's share; gives how much to hand it at once, so that a new share is soon felt.
  size_t Pace();

  ByteStream& stream_;
  FileCalls& calls_;
  PaceShare& pace_;
  LegClock& clock_;
  LegGauge& gauge_;
  std::atomic<uint64_t>& bytes_moved_;
  uint64_t share_applied_ = PaceShare::kUnlimited;
  std::vector<char> buffer_;
  size_t used_ = 0;
  Xxh3 xxh3_;
  absl::Status source_status_;
};

}  // namespace crossdock::agent
