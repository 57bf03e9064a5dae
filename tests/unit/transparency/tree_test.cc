// Trees, proofs and tiles against the published vectors, and against the RFC's own recursive definition.
#include <functional>

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/transparency/hash.h"
#include "lib/transparency/proof.h"
#include "lib/transparency/tiles.h"

namespace crossdock::transparency {
namespace {

std::string Hex(const Hash& hash) { return base::ToHex(BytesOf(hash)); }

// The leaves of Certificate Transparency's reference tests, and the roots of their trees, size 1 and up.
const std::vector<std::string> kLeaves = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
const std::vector<std::string> kRoots = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

// MTH of RFC 6962, word for word.
Hash Naive(const std::vector<Hash>& leaves, size_t begin, size_t end) {
  if (begin == end) return EmptyRoot();
  if (end - begin == 1) return leaves[begin];
  size_t k = 1;
  while (2 * k < end - begin) k *= 2;
  return NodeHash(Naive(leaves, begin, begin + k), Naive(leaves, begin + k, end));
}

std::vector<Hash> Many(size_t count) {
  std::vector<Hash> leaves;
  for (size_t i = 0; i < count; ++i) leaves.push_back(LeafHash(std::to_string(i)));
  return leaves;
}

NodeSource SourceOf(const std::vector<Hash>& leaves) {
  return [&leaves](int level, uint64_t index) -> absl::StatusOr<Hash> {
    return Naive(leaves, index << level, (index + 1) << level);
  };
}

TEST_CASE("the reference tests' trees have their published roots") {
  CHECK(Hex(EmptyRoot()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  TreeHead head;
  CHECK(head.Root() == EmptyRoot());
  for (size_t i = 0; i < kLeaves.size(); ++i) {
    head.Append(LeafHash(*base::FromHex(kLeaves[i])));
    CHECK(Hex(head.Root()) == kRoots[i]);
  }
}

TEST_CASE("each leaf of trees of every small size is proved to be in, and no other leaf in its place") {
  const std::vector<Hash> leaves = Many(70);
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    const Hash root = Naive(leaves, 0, size);
    CHECK(*RootAt(size, SourceOf(leaves)) == root);
    for (uint64_t index = 0; index < size; ++index) {
      std::vector<Hash> proof = *InclusionProof(index, size, SourceOf(leaves));
      REQUIRE(VerifyInclusion(leaves[index], index, size, proof, root).ok());
      CHECK(base::ReasonOf(VerifyInclusion(LeafHash("other"), index, size, proof, root)) == "PROOF_INVALID");
      CHECK_FALSE(VerifyInclusion(leaves[index], index + 1, size, proof, root).ok());
      if (size > 1) {
        proof.back()[0] = static_cast<char>(proof.back()[0] ^ 1);
        CHECK_FALSE(VerifyInclusion(leaves[index], index, size, proof, root).ok());
        proof.pop_back();
        CHECK_FALSE(VerifyInclusion(leaves[index], index, size, proof, root).ok());
      }
    }
  }
}

TEST_CASE("each tree is proved to continue each smaller one, and a tree with another past is not") {
  const std::vector<Hash> leaves = Many(40);
  std::vector<Hash> forged = leaves;
  forged[3] = LeafHash("forged");
  for (uint64_t size = 0; size <= leaves.size(); ++size) {
    const Hash root = Naive(leaves, 0, size);
    for (uint64_t before = 0; before <= size; ++before) {
      const Hash root_before = Naive(leaves, 0, before);
      const std::vector<Hash> proof = *ConsistencyProof(before, size, SourceOf(leaves));
      REQUIRE(VerifyConsistency(before, root_before, size, root, proof).ok());
      if (before < 4) continue;
      const std::vector<Hash> forged_proof = *ConsistencyProof(before, size, SourceOf(forged));
      CHECK_FALSE(VerifyConsistency(before, root_before, size, Naive(forged, 0, size), forged_proof).ok());
      CHECK_FALSE(VerifyConsistency(before, Naive(forged, 0, before), size, root, proof).ok());
    }
  }
  CHECK_FALSE(VerifyConsistency(5, leaves[0], 4, leaves[0], {}).ok());
  CHECK_FALSE(VerifyConsistency(3, leaves[0], 7, leaves[0], {}).ok());
}

TEST_CASE("each run of leaves is proved to stand where it does, and a run that lacks one or has one more is not") {
  const std::vector<Hash> leaves = Many(21);
  for (uint64_t size = 1; size <= leaves.size(); ++size) {
    const Hash root = Naive(leaves, 0, size);
    for (uint64_t first = 0; first < size; ++first) {
      for (uint64_t end = first + 1; end <= size; ++end) {
        const std::vector<Beside> beside = *RangeProof(first, end, size, SourceOf(leaves));
        const auto run = [&](uint64_t from, uint64_t to) {
          return std::vector<Hash>(leaves.begin() + static_cast<long>(from), leaves.begin() + static_cast<long>(to));
        };
        const absl::StatusOr<Hash> found = RootOfRange(first, run(first, end), size, beside);
        REQUIRE(found.ok());
        REQUIRE(*found == root);
        const absl::StatusOr<Hash> fewer = RootOfRange(first, run(first, end - 1), size, beside);
        CHECK_FALSE((fewer.ok() && *fewer == root));
        std::vector<Hash> more = run(first, end);
        more.push_back(LeafHash("one more"));
        const absl::StatusOr<Hash> longer = RootOfRange(first, more, size, beside);
        CHECK_FALSE((longer.ok() && *longer == root));
      }
    }
  }
}

TEST_CASE("tiles that are kept give the same tree, whenever they were kept") {
  std::map<TileId, std::string> kept;
  const Tiles::Read read = [&](TileId id) -> absl::StatusOr<std::string> { return kept[id]; };
  const std::vector<Hash> leaves = Many(70'000);  // beyond 256 * 256, so that a third level begins
  TreeHead head;
  uint64_t size = 0;
  for (const uint64_t next : {1, 255, 256, 257, 600, 65'535, 65'537, 70'000}) {
    Tiles tiles(size, read);
    for (; size < next; ++size) {
      REQUIRE(tiles.Append(leaves[size]).ok());
      head.Append(leaves[size]);
    }
    for (const auto& [id, bytes] : tiles.Changed()) kept[id] = bytes;
    Tiles again(size, read);
    CHECK(*RootAt(size, again.Source()) == head.Root());
    const std::vector<Hash> proof = *ConsistencyProof(size / 3 + 1, size, again.Source());
    CHECK(VerifyConsistency(size / 3 + 1, *RootAt(size / 3 + 1, again.Source()), size, head.Root(), proof).ok());
  }
  CHECK(kept.contains({2, 0}));

  // Of a tree that has grown since, the older one can still be read; but nothing is appended to it.
  Tiles older(1'000, read);
  TreeHead first;
  for (size_t i = 0; i < 1'000; ++i) first.Append(leaves[i]);
  CHECK(*RootAt(1'000, older.Source()) == first.Root());
  CHECK(base::ReasonOf(older.Node(0, 1'000).status()) == "TILE_LOST");
  CHECK(base::ReasonOf(Tiles(1'000, read).Append(leaves[0])) == "TILE_LOST");

  kept[{0, 7}].pop_back();
  Tiles damaged(size, read);
  CHECK(base::ReasonOf(damaged.Node(0, 7 * 256).status()) == "TILE_LOST");
}

}  // namespace
}  // namespace crossdock::transparency
