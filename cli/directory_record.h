// A directory of this machine as lib/mhl wants to see it: what stands in it, and the files of its records.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/fd.h"
#include "lib/mhl/inventory.h"

namespace crossdock::cli {

// All names below a directory, in the order of their bytes. Links to files inside of it count as files; other links and
// whatever is neither file nor directory are left out, and told. Hashes are taken when they are asked for. One thread.
class DirectoryInventory : public mhl::Inventory {
 public:
  static absl::StatusOr<std::unique_ptr<DirectoryInventory>> Open(const std::string& directory);

  size_t size() const override { return entries_.size(); }
  mhl::Item item(size_t index) const override;
  absl::StatusOr<mhl::Digests> Hash(size_t index, const std::vector<mhl::HashFormat>& formats) override;
  const std::vector<std::string>& left_out() const { return left_out_; }

 private:
  struct Entry {
    std::string path;
    bool directory = false;
    uint64_t size = 0;
    base::Instant modified;
  };
  DirectoryInventory(std::string directory, base::UniqueFd root)
      : directory_(std::move(directory)), root_(std::move(root)) {}
  absl::Status Walk(const std::string& path);
  // What a link to `path` counts as.
  bool IsFileInside(const std::string& path) const;

  const std::string directory_;
  const base::UniqueFd root_;
  std::vector<Entry> entries_;
  std::vector<std::string> left_out_;
};

// Small files below a directory, which is made on the first write when it is not there.
class DirectoryRecords : public mhl::RecordFiles {
 public:
  explicit DirectoryRecords(std::string directory) : directory_(std::move(directory)) {}
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::StatusOr<std::string> Read(const std::string& path, size_t size_max) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status Write(const std::string& path, const std::function<absl::Status(const mhl::Sink&)>& fill) override;

 private:
  std::string At(const std::string& path) const { return path.empty() ? directory_ : directory_ + "/" + path; }

  const std::string directory_;
};

}  // namespace crossdock::cli
