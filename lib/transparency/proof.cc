#include "lib/transparency/proof.h"

#include <algorithm>
#include <bit>

#include "lib/base/status.h"
#include "lib/transparency/reasons.h"

namespace crossdock::transparency {
namespace {

template <typename... Parts>
absl::Status Invalid(const Parts&... parts) {
  return base::WithReason(base::InvalidArgument(parts...), kProofInvalid);
}

// MTH of leaves [begin, end), where begin is where a subtree of the RFC's split begins; so a whole power of two is a
// perfect subtree of the source.
absl::StatusOr<Hash> Subtree(uint64_t begin, uint64_t end, const NodeSource& nodes) {
  const uint64_t count = end - begin;
  if (std::has_single_bit(count)) {
    const int level = std::countr_zero(count);
    return nodes(level, begin >> level);
  }
  const uint64_t split = SplitOf(count);
  ASSIGN_OR_RETURN(const Hash left, Subtree(begin, begin + split, nodes));
  ASSIGN_OR_RETURN(const Hash right, Subtree(begin + split, end, nodes));
  return NodeHash(left, right);
}

// SUBPROOF of the RFC, over leaves [begin, end), for the first `before` of them.
absl::Status Subproof(uint64_t before, uint64_t begin, uint64_t end, bool whole, const NodeSource& nodes,
                      std::vector<Hash>& proof) {
  const uint64_t count = end - begin;
  if (before == count) {
    if (whole) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Hash hash, Subtree(begin, end, nodes));
    proof.push_back(hash);
    return absl::OkStatus();
  }
  const uint64_t split = SplitOf(count);
  if (before <= split) {
    RETURN_IF_ERROR(Subproof(before, begin, begin + split, whole, nodes, proof));
    ASSIGN_OR_RETURN(const Hash right, Subtree(begin + split, end, nodes));
    proof.push_back(right);
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Subproof(before - split, begin + split, end, false, nodes, proof));
  ASSIGN_OR_RETURN(const Hash left, Subtree(begin, begin + split, nodes));
  proof.push_back(left);
  return absl::OkStatus();
}

// Nodes on `level` of a tree of `size` leaves when an odd last one simply moves up.
uint64_t NodesOn(int level, uint64_t size) { return ((size - 1) >> level) + 1; }

absl::StatusOr<Hash> NodeOf(int level, uint64_t index, uint64_t size, const NodeSource& nodes) {
  return Subtree(index << level, std::min((index + 1) << level, size), nodes);
}

// Whether on a level the run [first, last] needs a neighbour.
bool NeedsLeft(uint64_t first) { return (first & 1) != 0; }
bool NeedsRight(uint64_t last, uint64_t count) { return (last & 1) == 0 && last + 1 < count; }

}  // namespace

absl::StatusOr<Hash> RootAt(uint64_t size, const NodeSource& nodes) {
  if (size == 0) return EmptyRoot();
  if (size > kTreeSizeMax) return Invalid("a tree of ", size, " leaves");
  return Subtree(0, size, nodes);
}

absl::StatusOr<std::vector<Beside>> RangeProof(uint64_t first, uint64_t end, uint64_t size, const NodeSource& nodes) {
  if (first >= end || end > size || size > kTreeSizeMax) {
    return Invalid("there are no leaves ", first, " to ", end, " in a tree of ", size);
  }
  std::vector<Beside> proof;
  uint64_t last = end - 1;
  for (int level = 0; NodesOn(level, size) > 1; ++level, first >>= 1, last >>= 1) {
    if (NeedsLeft(first)) {
      ASSIGN_OR_RETURN(const Hash hash, NodeOf(level, first - 1, size, nodes));
      proof.push_back({level, true, hash});
    }
    if (NeedsRight(last, NodesOn(level, size))) {
      ASSIGN_OR_RETURN(const Hash hash, NodeOf(level, last + 1, size, nodes));
      proof.push_back({level, false, hash});
    }
  }
  return proof;
}

absl::StatusOr<Hash> RootOfRange(uint64_t first, std::vector<Hash> hashes, uint64_t size,
                                 std::span<const Beside> beside) {
  if (hashes.empty() || size > kTreeSizeMax || first >= size || hashes.size() > size - first) {
    return Invalid("there are no ", hashes.size(), " leaves from ", first, " on in a tree of ", size);
  }
  uint64_t last = first + hashes.size() - 1;
  size_t next = 0;
  const auto take = [&](int level, bool left) -> absl::StatusOr<Hash> {
    if (next >= beside.size() || beside[next].level != level || beside[next].left != left) {
      return Invalid("the proof lacks the hash on the ", left ? "left" : "right", " of level ", level);
    }
    return beside[next++].hash;
  };
  for (int level = 0; NodesOn(level, size) > 1; ++level, first >>= 1, last >>= 1) {
    std::vector<Hash> row;
    row.reserve(hashes.size() / 2 + 2);
    size_t at = 0;
    if (NeedsLeft(first)) {
      ASSIGN_OR_RETURN(const Hash left, take(level, true));
      row.push_back(NodeHash(left, hashes[at++]));
    }
    for (; at + 1 < hashes.size(); at += 2) row.push_back(NodeHash(hashes[at], hashes[at + 1]));
    if (NeedsRight(last, NodesOn(level, size))) {
      ASSIGN_OR_RETURN(const Hash right, take(level, false));
      row.push_back(NodeHash(hashes[at], right));
    } else if (at < hashes.size()) {
      row.push_back(hashes[at]);
    }
    hashes = std::move(row);
  }
  if (next != beside.size()) return Invalid("the proof has ", beside.size(), " hashes; ", next, " are of use");
  return hashes.front();
}

absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t index, uint64_t size, const NodeSource& nodes) {
  ASSIGN_OR_RETURN(const std::vector<Beside> beside, RangeProof(index, index + 1, size, nodes));
  std::vector<Hash> proof;
  for (const Beside& each : beside) proof.push_back(each.hash);
  return proof;
}

absl::Status VerifyInclusion(const Hash& leaf, uint64_t index, uint64_t size, std::span<const Hash> proof,
                             const Hash& root) {
  if (index >= size || size > kTreeSizeMax) return Invalid("there is no leaf ", index, " in a tree of ", size);
  std::vector<Beside> beside;
  uint64_t at = index;
  size_t next = 0;
  for (int level = 0; NodesOn(level, size) > 1 && next < proof.size(); ++level, at >>= 1) {
    if (NeedsLeft(at) || NeedsRight(at, NodesOn(level, size))) beside.push_back({level, NeedsLeft(at), proof[next++]});
  }
  if (next != proof.size()) return Invalid("the proof has ", proof.size(), " hashes; ", next, " are of use");
  ASSIGN_OR_RETURN(const Hash found, RootOfRange(index, {leaf}, size, beside));
  if (found != root) return Invalid("leaf ", index, " is not in the tree of ", size, " with that root");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t before, uint64_t size, const NodeSource& nodes) {
  if (before > size || size > kTreeSizeMax) return Invalid("a tree of ", size, " did not grow from one of ", before);
  std::vector<Hash> proof;
  if (before == 0 || before == size) return proof;
  RETURN_IF_ERROR(Subproof(before, 0, size, true, nodes, proof));
  return proof;
}

// RFC 9162, section 2.1.4.2, which says for verifiers what RFC 6962 leaves to them.
absl::Status VerifyConsistency(uint64_t before, const Hash& root_before, uint64_t size, const Hash& root,
                               std::span<const Hash> proof) {
  const absl::Status differs = Invalid("the tree of ", size, " does not continue the tree of ", before);
  if (before > size || size > kTreeSizeMax) return differs;
  if (before == size || before == 0) {
    if (!proof.empty()) return Invalid("nothing needs to be proved between trees of ", before, " and ", size);
    const bool holds = before == size ? root_before == root : root_before == EmptyRoot();
    return holds ? absl::OkStatus() : differs;
  }
  if (proof.empty()) return differs;
  uint64_t fn = before - 1;
  uint64_t sn = size - 1;
  for (; (fn & 1) != 0; fn >>= 1) sn >>= 1;
  size_t next = 0;
  // A whole perfect tree is its own first node.
  Hash old_hash = std::has_single_bit(before) ? root_before : proof[next++];
  Hash new_hash = old_hash;
  for (; next < proof.size(); ++next) {
    if (sn == 0) return differs;
    if ((fn & 1) != 0 || fn == sn) {
      old_hash = NodeHash(proof[next], old_hash);
      new_hash = NodeHash(proof[next], new_hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      new_hash = NodeHash(new_hash, proof[next]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && old_hash == root_before && new_hash == root ? absl::OkStatus() : differs;
}

}  // namespace crossdock::transparency
