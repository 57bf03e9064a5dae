#include "lib/transparency/hash.h"

#include <algorithm>
#include <bit>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/status.h"
#include "lib/transparency/reasons.h"

namespace crossdock::transparency {
namespace {

Hash Digest(std::string_view bytes) {
  const std::string digest = base::Sha256(bytes);
  Hash hash;
  std::copy(digest.begin(), digest.end(), hash.begin());
  return hash;
}

}  // namespace

absl::StatusOr<Hash> HashOf(std::string_view bytes) {
  Hash hash;
  if (bytes.size() != hash.size()) {
    return base::WithReason(base::InvalidArgument("a hash of ", bytes.size(), " bytes; 32 are expected"),
                            kProofMalformed);
  }
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

Hash LeafHash(std::string_view leaf) {
  std::string bytes(1, '\0');
  bytes += leaf;
  return Digest(bytes);
}

Hash NodeHash(const Hash& left, const Hash& right) {
  std::array<char, 65> bytes;
  bytes[0] = 1;
  std::copy(left.begin(), left.end(), bytes.begin() + 1);
  std::copy(right.begin(), right.end(), bytes.begin() + 33);
  return Digest({bytes.data(), bytes.size()});
}

Hash EmptyRoot() { return Digest(""); }

uint64_t SplitOf(uint64_t n) {
  INVARIANT(n >= 2) << n;
  return std::bit_floor(n - 1);
}

void TreeHead::Append(const Hash& leaf) {
  Hash hash = leaf;
  // Each one bit at the end of the size is a perfect subtree that the new leaf completes to one of twice its size.
  for (uint64_t rest = size_; (rest & 1) != 0; rest >>= 1) {
    hash = NodeHash(subtrees_.back(), hash);
    subtrees_.pop_back();
  }
  subtrees_.push_back(hash);
  ++size_;
}

Hash TreeHead::Root() const {
  if (subtrees_.empty()) return EmptyRoot();
  Hash root = subtrees_.back();
  for (auto it = subtrees_.rbegin() + 1; it != subtrees_.rend(); ++it) root = NodeHash(*it, root);
  return root;
}

}  // namespace crossdock::transparency
