// A tree against its history, or against a packing list: which files are missing, other than recorded, or unknown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/mhl/history.h"
#include "lib/mhl/inventory.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

enum class ProblemKind { kMissing, kMismatch, kDirectoryMismatch, kUnknown };
// "MHL_FILE_MISSING", "MHL_HASH_MISMATCH", "MHL_DIRECTORY_HASH_MISMATCH", "MHL_FILE_UNKNOWN".
std::string_view Name(ProblemKind kind);

struct Problem {
  ProblemKind kind = ProblemKind::kMissing;
  std::string path;  // relative to the tree; "" is the tree itself
  std::optional<HashFormat> format;
  std::string expected, found;  // raw, of a mismatch
};

struct CheckResult {
  uint64_t files = 0;  // compared
  uint64_t bytes = 0;
  std::vector<Problem> problems;  // by path
};

// The formats in which a file has to be hashed to be compared with `known`, beside `wanted`: one, the cheapest, when
// none of `wanted` is known.
std::vector<HashFormat> FormatsFor(const Digests& known, const std::vector<HashFormat>& wanted);

// Every file is read once. Directory hashes of the last generation are compared when the files are in order, so that a
// rename, another case or a lost empty directory is found; not where that generation was about a part of the tree only.
absl::StatusOr<CheckResult> CheckTree(Inventory& inventory, const Histories& histories);

// Against one flattened manifest. What the list leaves out by its patterns is no unknown file.
absl::StatusOr<CheckResult> CheckPackingList(Inventory& inventory, const Manifest& list);

}  // namespace crossdock::mhl
