#include "lib/transparency/tiles.h"

#include <vector>

#include "lib/base/status.h"

namespace crossdock::transparency {
namespace {

constexpr int kTileHeight = 8;  // 2^8 = kTileWidth
constexpr size_t kHashSize = sizeof(Hash);

Hash HashAt(const std::string& tile, uint64_t at) {
  return *HashOf(std::string_view(tile).substr(at * kHashSize, kHashSize));
}

Hash Fold(std::vector<Hash> row) {
  while (row.size() > 1) {
    for (size_t i = 0; i < row.size() / 2; ++i) row[i] = NodeHash(row[2 * i], row[2 * i + 1]);
    row.resize(row.size() / 2);
  }
  return row.front();
}

absl::Status Lost(TileId id, uint64_t wanted, size_t bytes) {
  return base::WithReason(base::Error(absl::StatusCode::kDataLoss, "tile ", id.second, " of level ", id.first, " has ",
                                      bytes, " bytes; ", wanted, " hashes of 32 were written"),
                          "TILE_LOST");
}

}  // namespace

absl::StatusOr<std::string*> Tiles::TileOf(TileId id) {
  const auto known = tiles_.find(id);
  if (known != tiles_.end()) return &known->second;
  ASSIGN_OR_RETURN(std::string tile, read_(id));
  if (tile.size() < HashesIn(id) * kHashSize) return Lost(id, HashesIn(id), tile.size());
  return &tiles_.emplace(id, std::move(tile)).first->second;
}

uint64_t Tiles::HashesIn(TileId id) const {
  const uint64_t whole = size_ >> (kTileHeight * id.first);  // subtrees of this level
  const uint64_t begin = id.second * kTileWidth;
  return whole <= begin ? 0 : std::min(whole - begin, kTileWidth);
}

absl::Status Tiles::Append(const Hash& leaf) {
  Hash hash = leaf;
  uint64_t index = size_;
  for (int level = 0;; ++level) {
    const TileId id{level, index / kTileWidth};
    ASSIGN_OR_RETURN(std::string* const tile, TileOf(id));
    if (tile->size() != HashesIn(id) * kHashSize) return Lost(id, HashesIn(id), tile->size());
    tile->append(BytesOf(hash));
    changed_[id] = true;
    if (tile->size() < kTileWidth * kHashSize) break;
    std::vector<Hash> row;
    for (uint64_t i = 0; i < kTileWidth; ++i) row.push_back(HashAt(*tile, i));
    hash = Fold(std::move(row));
    index /= kTileWidth;
  }
  ++size_;
  return absl::OkStatus();
}

std::map<TileId, std::string> Tiles::Changed() const {
  std::map<TileId, std::string> changed;
  for (const auto& [id, yes] : changed_) changed[id] = tiles_.at(id);
  return changed;
}

absl::StatusOr<Hash> Tiles::Node(int level, uint64_t index) {
  const int tile_level = level / kTileHeight;
  const uint64_t count = uint64_t{1} << (level % kTileHeight);
  const uint64_t begin = index * count;
  const TileId id{tile_level, begin / kTileWidth};
  ASSIGN_OR_RETURN(const std::string* const tile, TileOf(id));
  const uint64_t at = begin % kTileWidth;
  if (at + count > HashesIn(id)) return Lost(id, at + count, tile->size());
  std::vector<Hash> row;
  for (uint64_t i = 0; i < count; ++i) row.push_back(HashAt(*tile, at + i));
  return Fold(std::move(row));
}

}  // namespace crossdock::transparency
