// A packing list: one flattened manifest of everything that a tree's histories know, in a collection. It can be sent
// ahead of the data, which is then checked against it.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "lib/mhl/history.h"
#include "lib/mhl/inventory.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

inline constexpr char kCollectionName[] = "ascmhl_collection.xml";

// Paths are relative to the tree; failed hashes are left out, and directories. Files that are not there any more stay
// known. MHL_NO_HISTORY when there is nothing to flatten.
absl::StatusOr<Manifest> Flatten(const Histories& histories, const Creator& creator);

// The same of a tree without history: its files are hashed now. They are `original`.
absl::StatusOr<Manifest> FlattenNow(Inventory& inventory, const Histories& histories, const Creator& creator,
                                    const std::vector<HashFormat>& formats);

// "packinglist_SHOT_010_2026-11-20_102316Z.mhl"
std::string PackingListName(std::string_view folder, base::Instant began);

// Writes the list and its collection into `directory`, which is made. The path of the list comes back.
absl::StatusOr<std::string> WritePackingList(RecordFiles& files, const std::string& directory, std::string_view folder,
                                             const Manifest& list);

// Reads the one list of the collection in `directory`: MHL_NO_CHAIN, MHL_MANIFEST_MISSING, MHL_MANIFEST_ALTERED.
absl::StatusOr<Manifest> ReadPackingList(RecordFiles& files, const std::string& directory);

}  // namespace crossdock::mhl
