#include "lib/mhl/check.h"

#include <algorithm>
#include <unordered_set>

#include "lib/base/status.h"
#include "lib/mhl/directory_hash.h"

namespace crossdock::mhl {
namespace {

// Compares what was computed with what is known; a problem at most.
std::optional<Problem> Compare(std::string_view path, const Digests& known, const Digests& computed) {
  for (const auto& [format, raw] : computed) {
    const auto expected = known.find(format);
    if (expected == known.end() || expected->second == raw) continue;
    return Problem{ProblemKind::kMismatch, std::string(path), format, expected->second, raw};
  }
  return std::nullopt;
}

void Sort(std::vector<Problem>* problems) {
  std::stable_sort(problems->begin(), problems->end(),
                   [](const Problem& a, const Problem& b) { return a.path < b.path; });
}

// The formats in which the directories of a history's last generation are known.
std::vector<HashFormat> DirectoryFormats(const Histories& histories) {
  std::vector<HashFormat> formats;
  for (const History& history : histories.all()) {
    if (history.generations.empty()) continue;
    for (const DirectoryHash& hash : history.generations.back().root) {
      if (std::find(formats.begin(), formats.end(), hash.format) == formats.end()) formats.push_back(hash.format);
    }
  }
  return formats;
}

void CompareDirectory(const std::string& path, const std::vector<DirectoryHash>& expected,
                      const std::map<std::string, std::vector<DirectoryHash>>& found, CheckResult* result) {
  const auto here = found.find(path);
  if (here == found.end()) {
    if (!expected.empty()) result->problems.push_back({ProblemKind::kDirectoryMismatch, path, {}, {}, {}});
    return;
  }
  for (const DirectoryHash& hash : expected) {
    for (const DirectoryHash& computed : here->second) {
      if (computed.format != hash.format) continue;
      // Content may have been recorded without structure by others.
      const bool content = hash.content.empty() || hash.content == computed.content;
      const bool structure = hash.structure.empty() || hash.structure == computed.structure;
      if (content && structure) continue;
      result->problems.push_back({ProblemKind::kDirectoryMismatch, path, hash.format,
                                  content ? hash.structure : hash.content,
                                  content ? computed.structure : computed.content});
      return;
    }
  }
}

}  // namespace

std::string_view Name(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kMissing:
      return "MHL_FILE_MISSING";
    case ProblemKind::kMismatch:
      return "MHL_HASH_MISMATCH";
    case ProblemKind::kDirectoryMismatch:
      return "MHL_DIRECTORY_HASH_MISMATCH";
    case ProblemKind::kUnknown:
      return "MHL_FILE_UNKNOWN";
  }
  return "";
}

std::vector<HashFormat> FormatsFor(const Digests& known, const std::vector<HashFormat>& wanted) {
  std::vector<HashFormat> formats = wanted;
  const bool comparable = std::any_of(wanted.begin(), wanted.end(), [&](HashFormat f) { return known.contains(f); });
  for (const HashFormat format : kCheapestFirst) {
    if (comparable || !known.contains(format)) continue;
    formats.push_back(format);
    break;
  }
  return formats;
}

absl::StatusOr<CheckResult> CheckTree(Inventory& inventory, const Histories& histories) {
  if (histories.empty()) {
    return base::WithReason(base::NotFound("there is no history to compare with"), kReasonNoHistory);
  }
  CheckResult result;
  std::vector<KnownFiles> known;
  for (const History& history : histories.all()) known.push_back(history.known);
  const std::vector<HashFormat> formats = DirectoryFormats(histories);
  DirectoryHasher directories(formats);
  for (size_t i = 0; i < inventory.size(); ++i) {
    const Item item = inventory.item(i);
    if (histories.Ignores(item.path, item.directory)) continue;
    const std::string path(item.path);
    if (item.directory) {
      directories.AddDirectory(path);
      continue;
    }
    const size_t owner = histories.OwnerOf(path);
    const auto file = known[owner].find(std::string(Within(histories.all()[owner].root, path)));
    // One of which only formats are known that nobody computes any more cannot be compared.
    if (file == known[owner].end() || file->second.digests.empty()) {
      if (file != known[owner].end()) known[owner].erase(file);
      result.problems.push_back({ProblemKind::kUnknown, path, {}, {}, {}});
      continue;
    }
    const uint64_t size = item.size;
    ASSIGN_OR_RETURN(const Digests computed, inventory.Hash(i, FormatsFor(file->second.digests, formats)));
    if (auto problem = Compare(path, file->second.digests, computed)) result.problems.push_back(std::move(*problem));
    directories.AddFile(path, computed);
    ++result.files;
    result.bytes += size;
    known[owner].erase(file);
  }
  for (size_t owner = 0; owner < known.size(); ++owner) {
    for (const auto& [path, file] : known[owner]) {
      const std::string full = Below(histories.all()[owner].root, path);
      if (histories.Ignores(full, false)) continue;
      result.problems.push_back({ProblemKind::kMissing, full, {}, {}, {}});
    }
  }
  if (result.problems.empty()) {
    const auto found = directories.Finish();
    for (const History& history : histories.all()) {
      if (history.generations.empty()) continue;
      const GenerationHead& last = history.generations.back();
      CompareDirectory(history.root, last.root, found, &result);
      for (const DirectoryRecord& directory : last.directories) {
        CompareDirectory(Below(history.root, directory.path), directory.hashes, found, &result);
      }
    }
  }
  Sort(&result.problems);
  return result;
}

absl::StatusOr<CheckResult> CheckPackingList(Inventory& inventory, const Manifest& list) {
  CheckResult result;
  History history;
  history.Add(list);
  KnownFiles known = std::move(history.known);
  const IgnoreRules rules(history.ignore());
  for (size_t i = 0; i < inventory.size(); ++i) {
    const Item item = inventory.item(i);
    if (item.directory || rules.Ignores(item.path, false)) continue;
    const std::string path(item.path);
    const auto file = known.find(path);
    if (file == known.end() || file->second.digests.empty()) {
      if (file != known.end()) known.erase(file);
      result.problems.push_back({ProblemKind::kUnknown, path, {}, {}, {}});
      continue;
    }
    const uint64_t size = item.size;
    ASSIGN_OR_RETURN(const Digests computed, inventory.Hash(i, FormatsFor(file->second.digests, {})));
    if (auto problem = Compare(path, file->second.digests, computed)) result.problems.push_back(std::move(*problem));
    ++result.files;
    result.bytes += size;
    known.erase(file);
  }
  for (const auto& [path, file] : known) result.problems.push_back({ProblemKind::kMissing, path, {}, {}, {}});
  Sort(&result.problems);
  return result;
}

}  // namespace crossdock::mhl
