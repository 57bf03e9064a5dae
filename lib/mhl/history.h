// The history of a folder: its generations, each a manifest, held together by a chain of C4 ids; and the histories of
// folders inside of it, to whose files the outer one does not reach.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/mhl/ignore.h"
#include "lib/mhl/inventory.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

inline constexpr char kFolder[] = "ascmhl";
inline constexpr char kChainName[] = "ascmhl_chain.xml";
// Of one manifest, and, unless said otherwise, of all manifests of a tree together.
inline constexpr size_t kManifestSizeMax = 1u << 30;
inline constexpr size_t kHistoriesMax = 1000;  // inside of a tree

// "a/b" of ("a", "b"); either may be empty.
std::string Below(std::string_view directory, std::string_view path);
// `path` relative to `directory`; `path` is inside of it.
std::string_view Within(std::string_view directory, std::string_view path);
bool IsBelow(std::string_view directory, std::string_view path);

// What the history says of a file.
struct KnownFile {
  // Its hashes that were taken from it first, or verified; a failed one is never among them.
  Digests digests;
  std::optional<uint64_t> size;  // both as told last
  std::optional<base::Instant> modified;
};
// By the path, relative to the history's folder.
using KnownFiles = std::unordered_map<std::string, KnownFile>;

// A generation without its files, of which there are many: they are in History::known.
struct GenerationHead : ManifestHead {
  uint64_t files = 0;
  std::vector<DirectoryRecord> directories;  // of the last generation only
  std::vector<Reference> references;
};

struct History {
  std::string root;  // the folder, relative to the tree; "" is the tree itself
  Chain chain;       // empty: there is no generation yet
  std::vector<GenerationHead> generations;
  // Renamed files have their new path; of one that was replaced only what was taken since then is known.
  KnownFiles known;
  // Manifests beside the chain's: of a generation that was never finished, or put there by somebody.
  std::vector<std::string> unlisted;

  std::vector<std::string> ignore() const;  // of the last generation, or the default
  // The next generation: its files become known, one generation's after the other's, so that a long history takes the
  // memory of one.
  void Add(Manifest manifest);
};

// MHL_NO_HISTORY, MHL_NO_CHAIN, MHL_MANIFEST_MISSING, MHL_MANIFEST_ALTERED, MHL_CHAIN_INVALID, or why a document cannot
// be read; MHL_TOO_LARGE when the manifests have more than `*budget` bytes, which each of them takes from.
absl::StatusOr<History> ReadHistory(RecordFiles& files, const std::string& root, size_t* budget);

// The tree's own history first, empty when there is none, then those inside of it, outer ones first. References of
// each generation are checked against the inner histories' chains: MHL_MANIFEST_MISSING, MHL_MANIFEST_ALTERED.
class Histories {
 public:
  static absl::StatusOr<Histories> Read(const Inventory& inventory, RecordFiles& files,
                                        size_t size_max = kManifestSizeMax);
  // The tree's own, and those of these folders inside of it, of a tree of which no more is looked at: references to
  // other histories are not checked.
  static absl::StatusOr<Histories> ReadSome(const std::vector<std::string>& roots, RecordFiles& files,
                                            size_t size_max = kManifestSizeMax);

  bool empty() const;  // no generation anywhere
  const std::vector<History>& all() const { return all_; }
  // Index of the history to which a path belongs: the closest above it.
  size_t OwnerOf(std::string_view path) const;
  // Index of the closest history above that of index `inner`, which is not 0.
  size_t OuterOf(size_t inner) const;
  // Whether a record leaves it out.
  bool Ignores(std::string_view path, bool directory) const;

  // As Read, with these patterns besides the known ones.
  void AddIgnored(const std::vector<std::string>& patterns);

 private:
  // `roots` in ascending order; `every`: there are no others.
  static absl::StatusOr<Histories> ReadRoots(const std::set<std::string>& roots, bool every, RecordFiles& files,
                                             size_t size_max);

  std::vector<History> all_;
  std::vector<IgnoreRules> rules_;  // of each
};

}  // namespace crossdock::mhl
