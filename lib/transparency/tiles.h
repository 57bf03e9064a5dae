// Nodes of a tree, 256 to a tile: what a store keeps of it. Tile `index` of `level` has the hashes of the perfect
// subtrees of 256^level leaves, numbers 256 * index and up; the last one of a level is still growing.
//
// Pure; not thread-safe. Only the tiles that are asked for are read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "lib/transparency/proof.h"

namespace crossdock::transparency {

inline constexpr uint64_t kTileWidth = 256;

// (level, index)
using TileId = std::pair<int, uint64_t>;

class Tiles {
 public:
  // The stored bytes of a tile: 32 for each hash; "" when there is none yet.
  using Read = std::function<absl::StatusOr<std::string>(TileId id)>;

  // A tree of `size` leaves.
  Tiles(uint64_t size, Read read) : size_(size), read_(std::move(read)) {}

  uint64_t size() const { return size_; }
  // DATA_LOSS (TILE_LOST) also when the store has more than a tree of this size: it is another one's.
  absl::Status Append(const Hash& leaf);
  // The tiles that Append changed, whole.
  std::map<TileId, std::string> Changed() const;

  // A NodeSource. DATA_LOSS (TILE_LOST) when the store lacks what a tree of this size has. It may have grown beyond:
  // whoever reads an older size, or beside whoever appends, sees the first `size` leaves alone.
  absl::StatusOr<Hash> Node(int level, uint64_t index);
  NodeSource Source() {
    return [this](int level, uint64_t index) { return Node(level, index); };
  }

 private:
  absl::StatusOr<std::string*> TileOf(TileId id);
  uint64_t HashesIn(TileId id) const;  // that a tree of this size has

  uint64_t size_;
  const Read read_;
  std::map<TileId, std::string> tiles_;
  std::map<TileId, bool> changed_;
};

}  // namespace crossdock::transparency
