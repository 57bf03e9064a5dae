// A file that arrives in blocks: which leg brings which of them, what has landed, and the digest of the whole, which is
// made in order while later blocks are still on their way.
//
// Thread-safe; the staged file is written by the legs and read here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/core/ledger_record.h"
#include "agent/storage/file_calls.h"
#include "agent/storage/xxh3.h"
#include "lib/base/digest.h"
#include "lib/base/fd.h"
#include "lib/base/mutex.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// What an earlier attempt left of a file, from its ledger.
struct PartialFile {
  std::vector<LedgerBlock> blocks;
  std::optional<LedgerHashState> hash;  // the furthest
};

class BlockFile {
 public:
  // `fd` is the staged file, open for reading and writing; its inode is `staged_inode`. `partial` has landed already.
  // Bound content also gets its SHA-256, for which what landed earlier is read again.
  BlockFile(uint32_t index, const wire::Entry& entry, uint64_t staged_inode, base::UniqueFd fd, bool bound,
            const PartialFile& partial);

  uint32_t index() const { return index_; }
  const base::UniqueFd& file() const { return fd_; }
  const StagedFile& staged() const { return staged_; }
  // Whether all of the file had its space on the disk when this was made.
  bool has_space() const { return has_space_; }
  // All that has landed.
  std::vector<wire::Block> landed() const;
  // Whether all of the block has.
  bool HasLanded(const wire::Block& block) const;

  // `leg` brings the block from now on: whoever brought it before does so in vain. False when it has landed.
  bool Claim(const wire::Block& block, uint16_t leg);
  // Whether the block is still this leg's to bring.
  bool Holds(const wire::Block& block, uint16_t leg) const;
  void Unclaim(const wire::Block& block, uint16_t leg);
  // The block is in the file, verified against `xxh3`, and recorded. One that is there in part already does not count:
  // a sender sends what was lost as it was, or in smaller blocks. Where it counts, `held` is called before anybody can
  // look at the block again: the sender must hear that it is here before it hears that it was damaged.
  void Land(const wire::Block& block, const wire::Digest128& xxh3, const std::function<void()>& held);
  // Nothing has landed.
  void Reset();

  // Hashes on as far as blocks have landed, reading them from the file; returns at once when another thread does.
  // Thus whoever calls it after each Land has it done in the end. Blocks that no longer are what had landed are to be
  // sent again, and have not landed any more.
  struct Progress {
    bool complete = false;  // reached the file's end, told once
    std::vector<wire::Block> damaged;
    std::optional<LedgerHashState> hash;  // how far it went, when it went on
    wire::Digest128 xxh3{};               // of the whole file, when complete
    std::optional<wire::Digest256> sha256;
  };
  absl::StatusOr<Progress> Advance(FileCalls& calls);

 private:
  struct Claimed {
    uint64_t length = 0;
    uint16_t leg = 0;
  };
  struct Landed {
    uint64_t length = 0;
    wire::Digest128 xxh3{};
  };
  static bool Overlaps(const wire::Block& block, uint64_t offset, uint64_t length);
  bool Touches(const wire::Block& block) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Covers(const wire::Block& block) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The next block to hash, when it has landed.
  std::optional<wire::Block> NextToHash(wire::Digest128* xxh3) const;
  // Reads the block into the running digests; false when it is not what had landed.
  absl::StatusOr<bool> HashBlock(const wire::Block& block, const wire::Digest128& xxh3, FileCalls& calls);

  const StagedFile staged_;
  const uint32_t index_;
  const bool bound_;
  const base::UniqueFd fd_;
  const bool has_space_;

  mutable base::Mutex mutex_;
  std::map<uint64_t, Claimed> claimed_ ABSL_GUARDED_BY(mutex_);  // by offset
  std::map<uint64_t, Landed> landed_ ABSL_GUARDED_BY(mutex_);    // by offset; they do not overlap
  uint64_t frontier_ ABSL_GUARDED_BY(mutex_) = 0;
  bool advancing_ ABSL_GUARDED_BY(mutex_) = false;
  bool completed_ ABSL_GUARDED_BY(mutex_) = false;
  // Of whoever advances.
  std::vector<char> buffer_;
  Xxh3 whole_;
  base::Sha256Stream sha256_;
};

}  // namespace crossdock::agent
