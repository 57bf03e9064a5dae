// The receiver's side of one data leg. Not thread-safe; a leg's thread makes one for each stream.
#pragma once

#include "agent/storage/xxh3.h"
#include "agent/transfer/frame_io.h"
#include "agent/transfer/leg_loop.h"
#include "agent/transfer/receive_attempt.h"

namespace crossdock::agent {

class DataReceiver {
 public:
  DataReceiver(ReceiveAttempt& attempt, ByteStream& stream, uint16_t leg);

  // Until leg_end, a broken stream, or the attempt's end.
  LegOutcome Run(const wire::LegHello& expected);

 private:
  // A file that is arriving, or bytes that nobody needs (no fd): a copy of what has landed meanwhile.
  struct Arriving {
    uint32_t index = 0;
    wire::Entry entry;
    base::UniqueFd fd;
    uint64_t received = 0;
    bool wanted = false;
  };

  absl::Status Greeting(const wire::LegHello& expected);
  absl::Status File(const wire::FileHeader& header);
  // Waits for the manifest to reach the file, and claims it unless it has landed. A copy that another leg is still
  // bringing loses its claim: a sender sends again only what was on a leg that it has lost.
  absl::Status Claim(const wire::FileHeader& header, Arriving* file);
  absl::Status OpenStaged(Arriving* file);
  absl::Status Segment(uint32_t size, Arriving* file);
  absl::Status Trailer(const wire::FileTrailer& trailer, Arriving* file);
  // Whether the file is still this leg's to land.
  bool Holds(const Arriving& file) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(attempt_.mutex_);
  void Unclaim(const Arriving& file);

  ReceiveAttempt& attempt_;
  FrameReader reader_;
  const uint16_t leg_;
  Xxh3 xxh3_;
  base::Sha256Stream sha256_;
  const bool bound_;
  bool moved_ = false;
};

}  // namespace crossdock::agent
