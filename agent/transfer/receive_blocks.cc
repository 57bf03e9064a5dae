// Files that arrive in blocks: from the first block to the whole file's landing.
#include <sys/stat.h>

#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/transfer/receive_attempt.h"
#include "agent/transfer/staged_file.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

using wire::Reason;

constexpr size_t kBlocksPerFrame = 4096;

}  // namespace

absl::StatusOr<std::shared_ptr<BlockFile>> ReceiveAttempt::PartsOf(uint32_t index) {
  std::shared_ptr<BlockFile>& parts = parts_[index];
  if (parts) return parts;
  const wire::Entry& entry = manifest_.entries[index];
  // What has the name was left by a try that broke, or is a whole copy's that comes in vain from now on.
  auto fd = MakeStagedFile(deps_.volume, staging_->data(), entry, [] { return true; });
  struct stat info {};
  if (!fd.ok() || fstat(fd->get(), &info) != 0) {
    parts_.erase(index);
    return fd.ok() ? DestinationError(errno, "cannot look at", entry.path) : fd.status();
  }
  states_[index] = FileState::kParts;
  parts = std::make_shared<BlockFile>(index, entry, info.st_ino, *std::move(fd), !plan_.terms.content_root.empty(),
                                      PartialFile());
  if (parts->has_space()) reservation_.Consume(entry.size);
  return parts;
}

void ReceiveAttempt::AdoptParts(uint32_t index, PartialFile partial, base::UniqueFd fd, uint64_t inode) {
  const auto parts = std::make_shared<BlockFile>(index, manifest_.entries[index], inode, std::move(fd),
                                                 !plan_.terms.content_root.empty(), partial);
  states_[index] = FileState::kParts;
  parts_[index] = parts;
  wire::BlockAck held;
  for (const wire::Block& block : parts->landed()) {
    counters_.bytes_done.fetch_add(block.length, std::memory_order_relaxed);
    result_.bytes_resumed += block.length;
    held.blocks.push_back(block);
    if (held.blocks.size() == kBlocksPerFrame) control_->Queue(std::exchange(held, {}));
  }
  if (!held.blocks.empty()) control_->Queue(held);
  Landing hash;
  hash.then = [this, parts](const absl::Status&) { Advance(parts); };
  pool_->AddNow(std::move(hash));
}

void ReceiveAttempt::BlockLanded(const std::shared_ptr<BlockFile>& parts, const wire::Block& block,
                                 const wire::Digest128& xxh3, const absl::Status& status) {
  if (base::ReasonOf(status) == Name(Reason::kDigestMismatch)) {
    RefuseUnkept(block, status);
    return;
  }
  if (!status.ok()) {
    lifeline_->Fail(status);
    return;
  }
  // A copy of what has landed meanwhile counts once.
  if (!parts->HasLanded(block)) counters_.bytes_done.fetch_add(block.length, std::memory_order_relaxed);
  bool held = false;
  parts->Land(block, xxh3, [&] {
    held = true;
    control_->Queue(wire::BlockAck{{block}});
  });
  if (held) Advance(parts);
}

void ReceiveAttempt::Advance(const std::shared_ptr<BlockFile>& parts) {
  const absl::Status status = AdvanceInside(parts);
  if (!status.ok()) lifeline_->Fail(status);
}

absl::Status ReceiveAttempt::AdvanceInside(const std::shared_ptr<BlockFile>& parts) {
  ASSIGN_OR_RETURN(const BlockFile::Progress progress, parts->Advance(deps_.volume.calls()));
  for (const wire::Block& block : progress.damaged) {
    counters_.bytes_done.fetch_sub(block.length, std::memory_order_relaxed);
    Refuse(block);
  }
  if (!progress.complete) {
    return progress.hash ? staging_->ledger().Append(*progress.hash) : absl::OkStatus();
  }
  const uint32_t index = parts->index();
  wire::Entry entry;
  {
    base::MutexLock lock(mutex_);
    entry = manifest_.entries[index];
  }
  if (progress.sha256 && progress.sha256 != entry.sha256) {
    parts->Reset();
    counters_.bytes_done.fetch_sub(entry.size, std::memory_order_relaxed);
    Refuse({index, 0, entry.size});
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const uint64_t inode, FinishStagedFile(parts->file().get(), entry));
  {
    base::MutexLock lock(mutex_);
    states_[index] = FileState::kLanding;
  }
  LedgerFile record{parts->staged(), progress.xxh3, progress.sha256};
  record.staged_inode = inode;
  // Its blocks have been read back; what is left is its times and permissions.
  pool_->AddNow(
      {{parts, &parts->file()}, entry.path, 0, 0, {}, std::move(record), [this, index](const absl::Status& status) {
         FileLanded(index, status);
       }});
  return absl::OkStatus();
}

void ReceiveAttempt::Refuse(const wire::Block& block) {
  control_->Queue(wire::BlockRefused{block, std::string(Name(Reason::kDigestMismatch)),
                                     "the bytes that arrived are not the bytes that were read"});
}

void ReceiveAttempt::RefuseUnkept(const wire::Block& block, const absl::Status& status) {
  LOG_WARNING("storage did not keep what was written; it is sent again",
              {{"transfer", plan_.terms.transfer}, {"error", status.ToString()}});
  control_->Queue(wire::BlockRefused{block, std::string(Name(Reason::kDigestMismatch)),
                                     std::string(base::ToStd(status.message()))});
}

}  // namespace crossdock::agent
