// A new generation of a tree's record: every file hashed, compared with what is known of it, and written down; inner
// histories first, so that the outer one can refer to them.
//
//   a file that is new to its history       original, in every format asked for
//   known, and as recorded                  verified; formats that are new for it too
//   known, and other                        failed in the known formats; no new ones
//   known, and replaced by another          original, in every format asked for
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/mhl/check.h"
#include "lib/mhl/history.h"
#include "lib/mhl/inventory.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

inline constexpr std::string_view kReasonUnlisted = "MHL_MANIFEST_UNLISTED";

struct GenerationRequest {
  Creator creator;  // `created` is when the operation began, and stands in the names of all its manifests
  Process process = Process::kInPlace;
  std::vector<HashFormat> formats;  // one at least
  std::vector<std::string> ignore;  // besides what is ignored already
  std::string folder;               // the name of the tree's folder
  // The inventory is what came into the tree, and not all of it: no directory hashes, nothing is missed, nothing
  // is written when a file is not as known, and only histories that something came into, and those around them, get a
  // generation. One of the same time and comment that stands there already is this one, which was not finished: it is
  // not made twice.
  bool partial = false;
  // With `partial`: a known file that is another now has taken the old one's place.
  bool replaces = false;
};

struct WrittenManifest {
  std::string root;  // of its history, relative to the tree
  uint32_t number = 0;
  std::string path;  // relative to the tree
  std::string c4;
};

struct GenerationResult {
  std::vector<WrittenManifest> written;  // inner ones first; the tree's own last
  uint64_t files = 0, bytes = 0;
  uint64_t original = 0, verified = 0, failed = 0;  // files
  std::vector<Problem> problems;                    // missing and mismatched files; they are in the record as such
};

// Reads every file once, then writes manifest and chain of each history, in this order. MHL_MANIFEST_UNLISTED when a
// manifest stands there that no chain has. After a failure the histories hold what they held before, or, of some inner
// ones, the new generation already.
absl::StatusOr<GenerationResult> AppendGeneration(Inventory& inventory, RecordFiles& files, Histories histories,
                                                  const GenerationRequest& request);

}  // namespace crossdock::mhl
