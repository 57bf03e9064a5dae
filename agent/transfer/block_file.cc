#include "agent/transfer/block_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "agent/storage/stretch.h"
#include "agent/storage/zeros.h"
#include "agent/transfer/staged_file.h"
#include "lib/base/status.h"

namespace crossdock::agent {
namespace {

using wire::Block;

constexpr size_t kReadSize = 1u << 20;

}  // namespace

BlockFile::BlockFile(uint32_t index, const wire::Entry& entry, uint64_t staged_inode, base::UniqueFd fd, bool bound,
                     const PartialFile& partial)
    : staged_{entry.path, entry.size, entry.mtime_ns, entry.inode, staged_inode},
      index_(index),
      bound_(bound),
      fd_(std::move(fd)),
      has_space_(HasSpace(fd_.get(), entry)) {
  base::MutexLock lock(mutex_);
  for (const LedgerBlock& block : partial.blocks) {
    const Block range{index, block.offset, block.length};
    if (wire::IsBlockOf(range, entry.size) && !Touches(range)) landed_[block.offset] = {block.length, block.xxh3};
  }
  if (!bound && partial.hash && whole_.Restore(partial.hash->state)) frontier_ = partial.hash->offset;
}

std::vector<Block> BlockFile::landed() const {
  base::MutexLock lock(mutex_);
  std::vector<Block> blocks;
  for (const auto& [offset, landed] : landed_) blocks.push_back({index_, offset, landed.length});
  return blocks;
}

bool BlockFile::Overlaps(const Block& block, uint64_t offset, uint64_t length) {
  return offset < block.end() && block.offset < offset + length;
}

bool BlockFile::Touches(const Block& block) const {
  // They do not overlap: the last that begins before the block's end reaches furthest.
  const auto after = landed_.lower_bound(block.end());
  return after != landed_.begin() && Overlaps(block, std::prev(after)->first, std::prev(after)->second.length);
}

bool BlockFile::Covers(const Block& block) const {
  uint64_t at = block.offset;
  auto next = landed_.upper_bound(at);
  if (next != landed_.begin()) --next;
  for (; next != landed_.end() && next->first <= at && at < block.end(); ++next) {
    at = std::max(at, next->first + next->second.length);
  }
  return at >= block.end();
}

bool BlockFile::HasLanded(const Block& block) const {
  base::MutexLock lock(mutex_);
  return Covers(block);
}

bool BlockFile::Claim(const Block& block, uint16_t leg) {
  base::MutexLock lock(mutex_);
  if (Covers(block)) return false;
  std::erase_if(claimed_, [&](const auto& each) { return Overlaps(block, each.first, each.second.length); });
  claimed_[block.offset] = {block.length, leg};
  return true;
}

bool BlockFile::Holds(const Block& block, uint16_t leg) const {
  base::MutexLock lock(mutex_);
  const auto at = claimed_.find(block.offset);
  return at != claimed_.end() && at->second.length == block.length && at->second.leg == leg;
}

void BlockFile::Unclaim(const Block& block, uint16_t leg) {
  if (!Holds(block, leg)) return;
  base::MutexLock lock(mutex_);
  claimed_.erase(block.offset);
}

void BlockFile::Land(const Block& block, const wire::Digest128& xxh3, const std::function<void()>& held) {
  base::MutexLock lock(mutex_);
  claimed_.erase(block.offset);
  if (!Touches(block)) landed_[block.offset] = {block.length, xxh3};
  if (Covers(block)) held();
}

void BlockFile::StartOver() {
  frontier_ = 0;
  whole_.Finish();
  sha256_.Finish();
}

void BlockFile::Reset() {
  base::MutexLock lock(mutex_);
  landed_.clear();
  claimed_.clear();
  completed_ = false;
  StartOver();
}

std::optional<Block> BlockFile::NextToHash(wire::Digest128* xxh3) const {
  base::MutexLock lock(mutex_);
  const auto at = landed_.find(frontier_);
  if (at == landed_.end()) return std::nullopt;
  *xxh3 = at->second.xxh3;
  return Block{index_, at->first, at->second.length};
}

absl::StatusOr<bool> BlockFile::HashBlock(const Block& block, const wire::Digest128& xxh3, FileCalls& calls) {
  Xxh3 own;
  buffer_.resize(kReadSize);
  struct stat info {};
  if (fstat(fd_.get(), &info) != 0) return DestinationError(errno, "cannot look at", staged_.path);
  const bool holes = MayHaveHoles(info);
  for (uint64_t at = block.offset; at < block.end();) {
    const Stretch stretch = holes ? StretchAt(fd_.get(), at, block.end()) : Stretch{at, block.end() - at, false};
    if (stretch.hole) {
      own.UpdateZeros(stretch.length);
      whole_.UpdateZeros(stretch.length);
      if (bound_) UpdateZeros(stretch.length, &sha256_);
      at = stretch.end();
      continue;
    }
    const size_t size = std::min<uint64_t>(buffer_.size(), stretch.length);
    const ssize_t got = calls.ReadAt(fd_.get(), buffer_.data(), size, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return DestinationError(errno, "cannot read again", staged_.path);
    if (got == 0) return false;  // somebody has cut the staged file
    const std::string_view bytes(buffer_.data(), static_cast<size_t>(got));
    own.Update(bytes);
    whole_.Update(bytes);
    if (bound_) sha256_.Update(bytes);
    at += bytes.size();
  }
  return own.Finish() == xxh3;
}

absl::StatusOr<BlockFile::Progress> BlockFile::Advance(FileCalls& calls) {
  Progress progress;
  {
    base::MutexLock lock(mutex_);
    if (std::exchange(advancing_, true)) return progress;
  }
  while (true) {
    wire::Digest128 xxh3{};
    const std::optional<Block> block = NextToHash(&xxh3);
    if (!block) {
      base::MutexLock lock(mutex_);
      // What landed since then has found this thread at work.
      if (landed_.contains(frontier_)) continue;
      advancing_ = false;
      if (frontier_ < staged_.size || std::exchange(completed_, true)) return progress;
      progress.complete = true;
      progress.xxh3 = whole_.Finish();
      if (bound_) {
        const std::string sha256 = sha256_.Finish();
        std::copy(sha256.begin(), sha256.end(), progress.sha256.emplace().begin());
      }
      return progress;
    }
    const std::string before = whole_.Save();
    const auto sound = HashBlock(*block, xxh3, calls);
    base::MutexLock lock(mutex_);
    if (!sound.ok()) {
      advancing_ = false;
      return sound.status();
    }
    if (*sound) {
      frontier_ = block->end();
      progress.hash = LedgerHashState{staged_, frontier_, whole_.Save()};
      continue;
    }
    landed_.erase(block->offset);
    progress.damaged.push_back(*block);
    if (bound_ || !whole_.Restore(before)) StartOver();
  }
}

}  // namespace crossdock::agent
