// The receiver's side of one data leg. Not thread-safe; a leg's thread makes one for each stream.
#pragma once

#include "agent/storage/xxh3.h"
#include "agent/storage/zeros.h"
#include "agent/transfer/block_file.h"
#include "agent/transfer/frame_io.h"
#include "agent/transfer/leg_clock.h"
#include "agent/transfer/leg_loop.h"
#include "agent/transfer/receive_attempt.h"

namespace crossdock::agent {

class DataReceiver {
 public:
  DataReceiver(ReceiveAttempt& attempt, ByteStream& stream, LegClock& clock, uint16_t leg);

  // Until leg_end, a broken stream, or the attempt's end.
  LegOutcome Run(const wire::LegHello& expected);

 private:
  // What is arriving: a file that comes whole, a block of one that comes in parts, or bytes that nobody needs, a copy
  // of what has landed meanwhile.
  struct Arriving {
    wire::Block block;
    wire::Entry entry;
    bool wanted = false;
    std::shared_ptr<BlockFile> parts;          // none: the file comes whole
    std::shared_ptr<const base::UniqueFd> fd;  // none: not wanted
    uint64_t received = 0;
    bool has_space = false;  // on the disk, before it is written
  };

  absl::Status Greeting(const wire::LegHello& expected);
  absl::Status Block(const wire::Block& block);
  // Waits for the manifest to reach the file, and claims the block unless it has landed. A copy that another leg is
  // still bringing loses its claim: a sender sends again only what was on a leg that it has lost.
  absl::Status Claim(const wire::Block& block, Arriving* arriving);
  absl::Status OpenWhole(Arriving* arriving);
  absl::Status Segment(uint32_t size, Arriving* arriving);
  absl::Status Hole(const wire::Hole& hole, Arriving* arriving);
  // PEER_PROTOCOL when more of the block would come than was announced.
  static absl::Status RequireRoom(uint64_t bytes, const Arriving& arriving);
  absl::Status Trailer(const wire::BlockTrailer& trailer, Arriving* arriving);
  void LandBlock(const Arriving& arriving, const wire::Digest128& xxh3);
  // Whether the file is still this leg's to land.
  bool HoldsWhole(const Arriving& arriving) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(attempt_.mutex_);
  void Unclaim(const Arriving& arriving);
  // The volume is everybody's: no other leg would do better.
  absl::Status FailAttempt(const absl::Status& status);

  ReceiveAttempt& attempt_;
  LegClock& clock_;
  FrameReader reader_;
  const uint16_t leg_;
  Xxh3 xxh3_;
  base::Sha256Stream sha256_;
  const bool bound_;
  bool moved_ = false;
};

}  // namespace crossdock::agent
