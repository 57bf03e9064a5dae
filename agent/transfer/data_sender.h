// The sender's side of one data leg: files become frames, small ones share a write. Not thread-safe.
#pragma once

#include <atomic>
#include <vector>

#include "agent/storage/source_file.h"
#include "agent/storage/xxh3.h"
#include "agent/transfer/byte_stream.h"
#include "lib/wire/frames.h"

namespace crossdock::agent {

class DataSender {
 public:
  // `rate` is the cap of all `streams` legs together, watched while sending; `bytes_moved` counts content.
  DataSender(ByteStream& stream, FileCalls& calls, const std::atomic<uint64_t>& rate, uint16_t streams,
             std::atomic<uint64_t>& bytes_moved);

  absl::Status Hello(const wire::LegHello& hello);
  // Reads the file below `package` and sends it. An error is the leg's. When the source is to blame, the file is
  // withdrawn on the wire, the result is OK, and source_status() says why.
  absl::Status Send(uint32_t index, const wire::Entry& entry, int package);
  // Sends what waits for company.
  absl::Status Flush();
  // Says that no more files come, and nothing else.
  absl::Status End();
  const absl::Status& source_status() const { return source_status_; }

 private:
  void Append(std::string_view bytes);
  // Reads the file's bytes into segments; the error is the source's, `leg` gets the leg's.
  absl::Status Content(SourceFile& file, const wire::Entry& entry, absl::Status* leg);
  void ApplyRate();

  ByteStream& stream_;
  FileCalls& calls_;
  const std::atomic<uint64_t>& rate_;
  const uint16_t streams_;
  std::atomic<uint64_t>& bytes_moved_;
  uint64_t rate_applied_ = 0;
  std::vector<char> buffer_;
  size_t used_ = 0;
  Xxh3 xxh3_;
  absl::Status source_status_;
};

}  // namespace crossdock::agent
