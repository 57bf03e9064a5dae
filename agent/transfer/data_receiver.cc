#include "agent/transfer/data_receiver.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::FrameType;
using wire::Reason;

constexpr size_t kBufferSize = 512u << 10;
// Below this a reservation costs more than it says.
constexpr uint64_t kFallocateMin = 16u << 20;

absl::Status WriteAll(FileCalls& calls, int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t put = calls.Write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return DestinationError(put == 0 ? EIO : errno, "cannot write", path);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

}  // namespace

DataReceiver::DataReceiver(ReceiveAttempt& attempt, ByteStream& stream, uint16_t leg)
    : attempt_(attempt),
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
    } else if (header->type == FrameType::kFileHeader) {
      const auto payload = reader_.Payload(header->size);
      const auto file = payload.ok() ? wire::DecodeFileHeader(*payload) : payload.status();
      status = file.ok() ? File(*file) : file.status();
    } else {
      status = Fail(Reason::kPeerProtocol, "a data leg must go on with a file");
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

absl::Status DataReceiver::File(const wire::FileHeader& header) {
  Arriving file;
  RETURN_IF_ERROR(Claim(header, &file));
  absl::Status status = file.wanted ? OpenStaged(&file) : absl::OkStatus();
  while (status.ok()) {
    const auto frame = reader_.Header();
    if (!frame.ok()) {
      status = frame.status();
    } else if (frame->type == FrameType::kSegment) {
      status = Segment(frame->size, &file);
    } else if (frame->type == FrameType::kFileTrailer) {
      const auto payload = reader_.Payload(frame->size);
      const auto trailer = payload.ok() ? wire::DecodeFileTrailer(*payload) : payload.status();
      return trailer.ok() ? Trailer(*trailer, &file) : trailer.status();
    } else {
      status = Fail(Reason::kPeerProtocol, "a file must end before another begins");
    }
  }
  Unclaim(file);
  return status;
}

absl::Status DataReceiver::Claim(const wire::FileHeader& header, Arriving* file) {
  ReceiveAttempt& a = attempt_;
  base::MutexLock lock(a.mutex_);
  while (header.index >= a.manifest_.entries.size() && !a.manifest_checked_ && !a.lifeline_->ended()) {
    a.changed_.Wait(a.mutex_);
  }
  if (a.lifeline_->ended()) return Fail(Reason::kCancelled, "the attempt has ended");
  if (header.index >= a.manifest_.entries.size() || a.states_[header.index] == ReceiveAttempt::FileState::kNoFile) {
    return Fail(Reason::kPeerProtocol, "the sender sends a file that its manifest does not have");
  }
  file->index = header.index;
  file->entry = a.manifest_.entries[header.index];
  if ((header.flags & wire::kWholeFile) == 0 || header.offset != 0 || header.length != file->entry.size) {
    return Fail(Reason::kPeerProtocol, "the sender sends '", base::PercentEscape(file->entry.path),
                "' in another size than listed");
  }
  ReceiveAttempt::FileState& state = a.states_[header.index];
  file->wanted = state == ReceiveAttempt::FileState::kMissing || state == ReceiveAttempt::FileState::kArriving;
  if (!file->wanted) return absl::OkStatus();
  state = ReceiveAttempt::FileState::kArriving;
  a.arriving_on_[header.index] = leg_;
  return absl::OkStatus();
}

absl::Status DataReceiver::OpenStaged(Arriving* file) {
  const std::string& path = file->entry.path;
  const int data = attempt_.staging_->data();
  std::string name;
  const base::UniqueFd parent = OpenParent(data, path, &name);
  if (!parent) {
    const absl::Status status = DestinationError(errno, "cannot open the staging of", path);
    attempt_.lifeline_->Fail(status);
    return status;
  }
  const auto open_new = [&] { return OpenBeneath(parent.get(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600); };
  file->fd = open_new();
  if (!file->fd && errno == EEXIST) {
    // Left by a try that broke. It may have a second name in another attempt's staging: never write into it. Under the
    // lock, so that a leg which has just lost its claim does not take the name from the one that won it.
    base::MutexLock lock(attempt_.mutex_);
    file->wanted = Holds(*file);
    if (!file->wanted) return absl::OkStatus();
    unlinkat(parent.get(), name.c_str(), 0);
    file->fd = open_new();
  }
  if (!file->fd) {
    const absl::Status status = DestinationError(errno, "cannot make", path);
    attempt_.lifeline_->Fail(status);
    return status;
  }
  if (file->entry.size >= kFallocateMin && attempt_.deps_.volume.cheap_fallocate()) {
    const int result = fallocate(file->fd.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(file->entry.size));
    if (result != 0 && (errno == ENOSPC || errno == EDQUOT)) {
      const absl::Status status = DestinationError(errno, "cannot reserve the space of", path);
      attempt_.lifeline_->Fail(status);
      return status;
    }
  }
  return absl::OkStatus();
}

absl::Status DataReceiver::Segment(uint32_t size, Arriving* file) {
  if (file->received + size > file->entry.size) {
    return Fail(Reason::kPeerProtocol, "more bytes of '", base::PercentEscape(file->entry.path), "' than listed");
  }
  for (uint32_t left = size; left > 0;) {
    ASSIGN_OR_RETURN(const std::string_view bytes, reader_.Some(left));
    left -= static_cast<uint32_t>(bytes.size());
    file->received += bytes.size();
    attempt_.counters_.bytes_moved.fetch_add(bytes.size(), std::memory_order_relaxed);
    moved_ = true;
    if (!file->wanted) continue;
    xxh3_.Update(bytes);
    if (bound_) sha256_.Update(bytes);
    const absl::Status status = WriteAll(attempt_.deps_.volume.calls(), file->fd.get(), bytes, file->entry.path);
    if (!status.ok()) {
      // The disk is everybody's: no other leg would do better.
      attempt_.lifeline_->Fail(status);
      return status;
    }
    attempt_.reservation_.Consume(bytes.size());
  }
  return absl::OkStatus();
}

absl::Status DataReceiver::Trailer(const wire::FileTrailer& trailer, Arriving* file) {
  moved_ = true;
  const wire::Digest128 xxh3 = xxh3_.Finish();
  const std::string sha256 = bound_ ? sha256_.Finish() : std::string();
  const wire::Entry& entry = file->entry;
  if (!file->wanted) return absl::OkStatus();
  if (!trailer.withdrawn && file->received != entry.size) {
    Unclaim(*file);
    return Fail(Reason::kPeerProtocol, "fewer bytes of '", base::PercentEscape(entry.path), "' than listed");
  }
  const bool same_content =
      !bound_ ||
      (entry.sha256 && std::equal(sha256.begin(), sha256.end(), reinterpret_cast<const char*>(entry.sha256->data()),
                                  reinterpret_cast<const char*>(entry.sha256->data()) + entry.sha256->size()));
  if (trailer.withdrawn || trailer.xxh3 != xxh3 || !same_content) {
    Unclaim(*file);
    if (!trailer.withdrawn) {
      attempt_.control_->Queue(wire::FileRefused{file->index, std::string(Name(Reason::kDigestMismatch)),
                                                 "the bytes that arrived are not the bytes that were read"});
    }
    return absl::OkStatus();
  }
  struct stat info {};
  constexpr int64_t kSecond = 1'000'000'000;
  // Before 1970 the nanoseconds still count upwards.
  const int64_t part = (entry.mtime_ns % kSecond + kSecond) % kSecond;
  const timespec times[2] = {{0, UTIME_OMIT}, {(entry.mtime_ns - part) / kSecond, part}};
  if (fchmod(file->fd.get(), entry.mode & 0777) != 0 || futimens(file->fd.get(), times) != 0 ||
      fstat(file->fd.get(), &info) != 0) {
    const absl::Status status = DestinationError(errno, "cannot finish", entry.path);
    attempt_.lifeline_->Fail(status);
    return status;
  }
  {
    base::MutexLock lock(attempt_.mutex_);
    if (!Holds(*file)) return absl::OkStatus();
    attempt_.states_[file->index] = ReceiveAttempt::FileState::kLanding;
  }
  LandedFile landed;
  landed.index = file->index;
  landed.fd = std::move(file->fd);
  landed.record = {entry.path, entry.size, entry.mtime_ns, entry.inode, info.st_ino, xxh3, std::nullopt};
  if (bound_) landed.record.sha256 = entry.sha256;
  attempt_.pool_->Add(std::move(landed));
  return absl::OkStatus();
}

void DataReceiver::Unclaim(const Arriving& file) {
  if (!file.wanted) return;
  base::MutexLock lock(attempt_.mutex_);
  if (Holds(file)) attempt_.states_[file.index] = ReceiveAttempt::FileState::kMissing;
}

bool DataReceiver::Holds(const Arriving& file) const {
  return attempt_.states_[file.index] == ReceiveAttempt::FileState::kArriving &&
         attempt_.arriving_on_[file.index] == leg_;
}

}  // namespace crossdock::agent
