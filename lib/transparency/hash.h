// The hashes of RFC 6962, section 2.1: SHA-256, leaves and nodes told apart by their first byte. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace crossdock::transparency {

using Hash = std::array<char, 32>;

inline std::string_view BytesOf(const Hash& hash) { return {hash.data(), hash.size()}; }
// INVALID_ARGUMENT (PROOF_MALFORMED) unless there are exactly 32 bytes.
absl::StatusOr<Hash> HashOf(std::string_view bytes);

Hash LeafHash(std::string_view leaf);                // SHA-256(0x00 || leaf)
Hash NodeHash(const Hash& left, const Hash& right);  // SHA-256(0x01 || left || right)
Hash EmptyRoot();                                    // SHA-256 of nothing: the root of a tree without leaves

// The largest power of two below `n`; n ≥ 2. Where the RFC splits a tree of n leaves.
uint64_t SplitOf(uint64_t n);

// The head of a tree that only grows: the roots of its perfect subtrees, largest first (at most 64). Not thread-safe.
class TreeHead {
 public:
  void Append(const Hash& leaf);
  uint64_t size() const { return size_; }
  Hash Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<Hash> subtrees_;
};

}  // namespace crossdock::transparency
