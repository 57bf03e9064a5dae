#include "agent/transfer/data_receiver.h"

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/transfer/staged_file.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::FrameType;
using wire::Reason;

constexpr size_t kBufferSize = 512u << 10;

}  // namespace

DataReceiver::DataReceiver(ReceiveAttempt& attempt, ByteStream& stream, LegClock& clock, uint16_t leg)
    : attempt_(attempt),
      clock_(clock),
      reader_(stream, /*control=*/false, kBufferSize),
      leg_(leg),
      bound_(!attempt.plan_.terms.content_root.empty()) {}

LegOutcome DataReceiver::Run(const wire::LegHello& expected) {
  absl::Status status = Greeting(expected);
  while (status.ok()) {
    const auto header = reader_.Header();
    if (!header.ok()) {
      status = header.status();
    } else if (header->type == FrameType::kLegEnd) {
      break;
    } else if (header->type == FrameType::kBlockHeader) {
      const auto payload = reader_.Payload(header->size);
      const auto block = payload.ok() ? wire::DecodeBlock(*payload) : payload.status();
      status = block.ok() ? Block(*block) : block.status();
    } else {
      status = Fail(Reason::kPeerProtocol, "a data leg must go on with a block");
    }
  }
  return {status, moved_};
}

absl::Status DataReceiver::Greeting(const wire::LegHello& expected) {
  ASSIGN_OR_RETURN(const wire::FrameHeader header, reader_.Header());
  if (header.type != FrameType::kLegHello) return Fail(Reason::kPeerProtocol, "a data leg must begin with its hello");
  ASSIGN_OR_RETURN(const std::string_view payload, reader_.Payload(header.size));
  ASSIGN_OR_RETURN(const wire::LegHello hello, wire::DecodeLegHello(payload));
  if (hello.transfer != expected.transfer || hello.leg != expected.leg) {
    return Fail(Reason::kPeerTransfer, "the data leg belongs to another transfer");
  }
  if (hello.epoch != expected.epoch) return Fail(Reason::kEpochStale, "the data leg belongs to another attempt");
  return absl::OkStatus();
}

absl::Status DataReceiver::Block(const wire::Block& block) {
  Arriving arriving;
  RETURN_IF_ERROR(Claim(block, &arriving));
  absl::Status status = arriving.wanted && !arriving.parts ? OpenWhole(&arriving) : absl::OkStatus();
  while (status.ok()) {
    const auto frame = reader_.Header();
    if (!frame.ok()) {
      status = frame.status();
    } else if (frame->type == FrameType::kSegment) {
      status = Segment(frame->size, &arriving);
    } else if (frame->type == FrameType::kHole) {
      const auto payload = reader_.Payload(frame->size);
      const auto hole = payload.ok() ? wire::DecodeHole(*payload) : payload.status();
      status = hole.ok() ? Hole(*hole, &arriving) : hole.status();
    } else if (frame->type == FrameType::kBlockTrailer) {
      const auto payload = reader_.Payload(frame->size);
      const auto trailer = payload.ok() ? wire::DecodeBlockTrailer(*payload) : payload.status();
      return trailer.ok() ? Trailer(*trailer, &arriving) : trailer.status();
    } else {
      status = Fail(Reason::kPeerProtocol, "a block must end before another begins");
    }
  }
  Unclaim(arriving);
  return status;
}

absl::Status DataReceiver::Claim(const wire::Block& block, Arriving* arriving) {
  using State = ReceiveAttempt::FileState;
  ReceiveAttempt& a = attempt_;
  base::MutexLock lock(a.mutex_);
  // Nothing comes before the sender knows what is here already.
  const auto early = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(a.mutex_) {
    return !a.have_said_ || (block.index >= a.manifest_.entries.size() && !a.manifest_checked_);
  };
  while (early() && !a.lifeline_->ended()) a.changed_.Wait(a.mutex_);
  if (a.lifeline_->ended()) return Fail(Reason::kCancelled, "the attempt has ended");
  if (block.index >= a.manifest_.entries.size() || a.states_[block.index] == State::kNoFile) {
    return Fail(Reason::kPeerProtocol, "the sender sends a file that its manifest does not have");
  }
  arriving->block = block;
  arriving->entry = a.manifest_.entries[block.index];
  const wire::Entry& entry = arriving->entry;
  if (!wire::IsBlockOf(block, entry.size)) {
    return Fail(Reason::kPeerProtocol, "the sender sends '", base::PercentEscape(entry.path),
                "' in another size than listed");
  }
  State& state = a.states_[block.index];
  if (state == State::kLanding || state == State::kLanded) return absl::OkStatus();
  if (state != State::kParts && block.length == entry.size) {
    arriving->wanted = true;
    state = State::kArriving;
    a.arriving_on_[block.index] = leg_;
    return absl::OkStatus();
  }
  // A copy that another leg is still bringing whole is in vain from now on.
  auto parts = a.PartsOf(block.index);
  if (!parts.ok()) return FailAttempt(parts.status());
  arriving->parts = *std::move(parts);
  arriving->wanted = arriving->parts->Claim(block, leg_);
  arriving->has_space = arriving->parts->has_space();
  arriving->fd = {arriving->parts, &arriving->parts->file()};
  return absl::OkStatus();
}

absl::Status DataReceiver::OpenWhole(Arriving* arriving) {
  ReceiveAttempt& a = attempt_;
  const LegClock::Section section(clock_, StageOf::kStorage);
  // Left by a try that broke. Under the lock, so that a leg which has just lost its claim does not take the name from
  // the one that won it.
  bool taken = false;
  auto made = MakeStagedFile(a.deps_.volume, a.staging_->data(), arriving->entry, [&] {
    taken = true;
    return false;
  });
  if (made.ok() && taken) {
    base::MutexLock lock(a.mutex_);
    arriving->wanted = HoldsWhole(*arriving);
    if (!arriving->wanted) return absl::OkStatus();
    made = MakeStagedFile(a.deps_.volume, a.staging_->data(), arriving->entry, [] { return true; });
  }
  if (!made.ok()) return FailAttempt(made.status());
  arriving->has_space = HasSpace(made->get(), arriving->entry);
  if (arriving->has_space) a.reservation_.Consume(arriving->entry.size);
  arriving->fd = std::make_shared<const base::UniqueFd>(*std::move(made));
  return absl::OkStatus();
}

absl::Status DataReceiver::RequireRoom(uint64_t bytes, const Arriving& arriving) {
  if (bytes <= arriving.block.length - arriving.received) return absl::OkStatus();
  return Fail(Reason::kPeerProtocol, "more bytes of '", base::PercentEscape(arriving.entry.path), "' than announced");
}

absl::Status DataReceiver::Hole(const wire::Hole& hole, Arriving* arriving) {
  RETURN_IF_ERROR(RequireRoom(hole.length, *arriving));
  const uint64_t at = arriving->block.offset + arriving->received;
  arriving->received += hole.length;
  moved_ = true;
  if (arriving->parts) arriving->wanted = arriving->wanted && arriving->parts->Holds(arriving->block, leg_);
  if (!arriving->wanted) return absl::OkStatus();
  xxh3_.UpdateZeros(hole.length);
  if (bound_ && !arriving->parts) UpdateZeros(hole.length, &sha256_);
  const LegClock::Section section(clock_, StageOf::kStorage);
  const absl::Status status =
      MakeHole(attempt_.deps_.volume.calls(), arriving->fd->get(), arriving->entry, at, hole.length);
  return status.ok() ? status : FailAttempt(status);
}

absl::Status DataReceiver::Segment(uint32_t size, Arriving* arriving) {
  RETURN_IF_ERROR(RequireRoom(size, *arriving));
  for (uint32_t left = size; left > 0;) {
    ASSIGN_OR_RETURN(const std::string_view bytes, reader_.Some(left));
    const uint64_t at = arriving->block.offset + arriving->received;
    left -= static_cast<uint32_t>(bytes.size());
    arriving->received += bytes.size();
    attempt_.counters_.bytes_moved.fetch_add(bytes.size(), std::memory_order_relaxed);
    moved_ = true;
    if (arriving->parts) arriving->wanted = arriving->wanted && arriving->parts->Holds(arriving->block, leg_);
    if (!arriving->wanted) continue;
    xxh3_.Update(bytes);
    // Of a file in parts it is made in order, once they are there.
    if (bound_ && !arriving->parts) sha256_.Update(bytes);
    clock_.BeginWait(StageOf::kStorage);
    const absl::Status status =
        WriteAllAt(attempt_.deps_.volume.calls(), arriving->fd->get(), bytes, at, arriving->entry.path);
    clock_.EndWait(StageOf::kStorage);
    if (!status.ok()) return FailAttempt(status);
    if (!arriving->has_space) attempt_.reservation_.Consume(bytes.size());
  }
  return absl::OkStatus();
}

absl::Status DataReceiver::Trailer(const wire::BlockTrailer& trailer, Arriving* arriving) {
  // A landing pool that is full is a disk that cannot follow.
  const LegClock::Section section(clock_, StageOf::kStorage);
  moved_ = true;
  const wire::Digest128 xxh3 = xxh3_.Finish();
  const std::string sha256 = bound_ ? sha256_.Finish() : std::string();
  const wire::Entry& entry = arriving->entry;
  if (!arriving->wanted) {
    // The sender waits for a word about every block.
    if (arriving->parts && arriving->parts->HasLanded(arriving->block)) {
      attempt_.control_->Queue(wire::BlockAck{{arriving->block}});
    }
    return absl::OkStatus();
  }
  if (!trailer.withdrawn && arriving->received != arriving->block.length) {
    Unclaim(*arriving);
    return Fail(Reason::kPeerProtocol, "fewer bytes of '", base::PercentEscape(entry.path), "' than announced");
  }
  const bool same_content =
      !bound_ || arriving->parts ||
      (entry.sha256 && std::equal(sha256.begin(), sha256.end(), reinterpret_cast<const char*>(entry.sha256->data()),
                                  reinterpret_cast<const char*>(entry.sha256->data()) + entry.sha256->size()));
  if (trailer.withdrawn || trailer.xxh3 != xxh3 || !same_content) {
    Unclaim(*arriving);
    if (!trailer.withdrawn) attempt_.Refuse(arriving->block);
    return absl::OkStatus();
  }
  if (arriving->parts) {
    LandBlock(*arriving, xxh3);
    return absl::OkStatus();
  }
  const auto inode = FinishStagedFile(arriving->fd->get(), entry);
  if (!inode.ok()) return FailAttempt(inode.status());
  {
    base::MutexLock lock(attempt_.mutex_);
    if (!HoldsWhole(*arriving)) return absl::OkStatus();
    attempt_.states_[arriving->block.index] = ReceiveAttempt::FileState::kLanding;
  }
  LedgerFile record{{entry.path, entry.size, entry.mtime_ns, entry.inode, *inode}, xxh3, std::nullopt};
  if (bound_) record.sha256 = entry.sha256;
  attempt_.pool_->Add({arriving->fd, entry.path, 0, entry.size, xxh3, std::move(record),
                       [&attempt = attempt_, index = arriving->block.index](const absl::Status& status) {
                         attempt.FileLanded(index, status);
                       }});
  return absl::OkStatus();
}

void DataReceiver::LandBlock(const Arriving& arriving, const wire::Digest128& xxh3) {
  const wire::Block& block = arriving.block;
  attempt_.pool_->Add({arriving.fd, arriving.entry.path, block.offset, block.length, xxh3,
                       LedgerBlock{arriving.parts->staged(), block.offset, block.length, xxh3},
                       [&attempt = attempt_, parts = arriving.parts, block, xxh3](const absl::Status& status) {
                         attempt.BlockLanded(parts, block, xxh3, status);
                       }});
}

void DataReceiver::Unclaim(const Arriving& arriving) {
  if (!arriving.wanted) return;
  if (arriving.parts) {
    arriving.parts->Unclaim(arriving.block, leg_);
    return;
  }
  base::MutexLock lock(attempt_.mutex_);
  if (HoldsWhole(arriving)) attempt_.states_[arriving.block.index] = ReceiveAttempt::FileState::kMissing;
}

bool DataReceiver::HoldsWhole(const Arriving& arriving) const {
  return attempt_.states_[arriving.block.index] == ReceiveAttempt::FileState::kArriving &&
         attempt_.arriving_on_[arriving.block.index] == leg_;
}

absl::Status DataReceiver::FailAttempt(const absl::Status& status) {
  attempt_.lifeline_->Fail(status);
  return status;
}

}  // namespace crossdock::agent
