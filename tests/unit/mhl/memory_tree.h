// A tree in memory, as lib/mhl wants to see one: files by their paths, records among them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "lib/base/status.h"
#include "lib/mhl/generation.h"
#include "lib/mhl/history.h"
#include "lib/mhl/inventory.h"

namespace crossdock::mhl {

class MemoryTree : public Inventory, public RecordFiles {
 public:
  std::map<std::string, std::string> files;
  std::set<std::string> empty_directories;

  // Has to be called after `files` was changed, before it is used as an inventory.
  MemoryTree& Look() {
    std::map<std::string, bool> found;
    const auto add_above = [&](const std::string& path) {
      for (size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
        found[path.substr(0, at)] = true;
      }
    };
    for (const auto& [path, content] : files) {
      found[path] = false;
      add_above(path);
    }
    for (const std::string& path : empty_directories) {
      found[path] = true;
      add_above(path);
    }
    items_.assign(found.begin(), found.end());
    return *this;
  }

  size_t size() const override { return items_.size(); }
  Item item(size_t index) const override {
    const auto& [path, directory] = items_[index];
    return {path, directory, directory ? 0 : files.at(path).size(), base::Instant(std::chrono::seconds(1'700'000'000))};
  }
  absl::StatusOr<Digests> Hash(size_t index, const std::vector<HashFormat>& formats) override {
    Digests digests;
    for (const HashFormat format : formats) digests[format] = HashOf(format, files.at(items_[index].first));
    return digests;
  }

  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override {
    std::vector<std::string> names;
    for (const auto& [path, content] : files) {
      const std::string prefix = directory.empty() ? "" : directory + "/";
      if (path.starts_with(prefix) && path.find('/', prefix.size()) == std::string::npos) {
        names.push_back(path.substr(prefix.size()));
      }
    }
    if (names.empty()) return base::NotFound("nothing in ", directory);
    return names;
  }
  absl::StatusOr<std::string> Read(const std::string& path, size_t size_max) override {
    const auto found = files.find(path);
    if (found == files.end()) return base::NotFound(path);
    if (found->second.size() > size_max) return base::WithReason(base::InvalidArgument(path), kReasonTooLarge);
    return found->second;
  }
  absl::Status MakeDirectory(const std::string&) override { return absl::OkStatus(); }
  absl::Status Write(const std::string& path, const std::function<absl::Status(const Sink&)>& fill) override {
    std::string content;
    RETURN_IF_ERROR(fill([&](std::string_view bytes) {
      content += bytes;
      return absl::OkStatus();
    }));
    files[path] = content;
    return absl::OkStatus();
  }

  // One more generation.
  absl::StatusOr<GenerationResult> Append(const std::vector<HashFormat>& formats = {HashFormat::kXxh128},
                                          const std::vector<std::string>& ignore = {}) {
    Look();
    ASSIGN_OR_RETURN(Histories histories, Histories::Read(*this, *this));
    GenerationRequest request;
    request.creator.created = base::Instant(std::chrono::seconds(1'795'170'196));  // 2026-11-20T10:23:16Z
    request.creator.hostname = "LON";
    request.creator.tool = "crossdock";
    request.creator.tool_version = "1.0";
    request.formats = formats;
    request.ignore = ignore;
    request.folder = "A002";
    return AppendGeneration(*this, *this, std::move(histories), request);
  }
  absl::StatusOr<CheckResult> Check() {
    Look();
    ASSIGN_OR_RETURN(const Histories histories, Histories::Read(*this, *this));
    return CheckTree(*this, histories);
  }

 private:
  std::vector<std::pair<std::string, bool>> items_;
};

// "f1: MHL_HASH_MISMATCH", for each.
inline std::vector<std::string> Told(const std::vector<Problem>& problems) {
  std::vector<std::string> told;
  for (const Problem& problem : problems) told.push_back(problem.path + ": " + std::string(Name(problem.kind)));
  return told;
}

}  // namespace crossdock::mhl
