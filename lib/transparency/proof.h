// Proofs about a tree of RFC 6962: that a leaf is in it, that it only grew, that a run of leaves stands where it
// should.
//
// Making one needs the perfect subtrees' hashes; verifying one needs nothing but the proof. Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/transparency/hash.h"

namespace crossdock::transparency {

// No proof about a tree of at most 2^62 leaves is longer.
inline constexpr size_t kProofHashesMax = 63;
inline constexpr uint64_t kTreeSizeMax = uint64_t{1} << 62;

// The hash of the perfect subtree over leaves [index << level, (index + 1) << level), all of which exist.
using NodeSource = std::function<absl::StatusOr<Hash>(int level, uint64_t index)>;

// The root of the first `size` leaves.
absl::StatusOr<Hash> RootAt(uint64_t size, const NodeSource& nodes);
// Of leaf `index` in the tree of `size` leaves; index < size. RFC 6962, 2.1.1.
absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t index, uint64_t size, const NodeSource& nodes);
// Between the trees of `before` and `size` leaves; before ≤ size. RFC 6962, 2.1.2. Empty for 0 and for equal sizes.
absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t before, uint64_t size, const NodeSource& nodes);

// What stands beside leaves [first, end) on each level, from the leaves up: the neighbour on the left where the run
// begins with a right child, and on the right where it ends with a left child that is not the level's last.
struct Beside {
  int level = 0;
  bool left = false;
  Hash hash{};
  bool operator==(const Beside&) const = default;
};
// first < end ≤ size.
absl::StatusOr<std::vector<Beside>> RangeProof(uint64_t first, uint64_t end, uint64_t size, const NodeSource& nodes);
// The root that the leaves' hashes, of which the first has number `first`, have with what is beside them. PROOF_INVALID
// when the proof is not of that run in a tree of that size.
absl::StatusOr<Hash> RootOfRange(uint64_t first, std::vector<Hash> hashes, uint64_t size,
                                 std::span<const Beside> beside);

// PROOF_INVALID when it does not hold.
absl::Status VerifyInclusion(const Hash& leaf, uint64_t index, uint64_t size, std::span<const Hash> proof,
                             const Hash& root);
absl::Status VerifyConsistency(uint64_t before, const Hash& root_before, uint64_t size, const Hash& root,
                               std::span<const Hash> proof);

}  // namespace crossdock::transparency
