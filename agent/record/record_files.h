// The files of integrity records on a volume: in a staged tree, and at a destination.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "agent/storage/volume.h"
#include "lib/mhl/history.h"
#include "lib/mhl/inventory.h"
#include "lib/wire/manifest.h"

namespace crossdock::agent {

// Whether `path` is an `ascmhl` folder.
bool IsRecordFolder(std::string_view path);
// The `ascmhl` folder right above `path`; empty when it is no file of a record.
std::string_view RecordFolderOf(std::string_view path);
// Whether `path` is the chain of a record: the one file of a package that grows.
bool IsRecordChain(std::string_view path);
// Whether a name stands at `path` below `directory`; no link is followed.
bool Stands(int directory, const std::string& path);

// Bytes of a small file beneath `directory`: NotFound, MHL_TOO_LARGE, errors of the destination.
absl::StatusOr<std::string> ReadRecordFile(const Volume& volume, int directory, const std::string& path,
                                           size_t size_max);

// The chain at `there`, when it is the one at `staged` with no or more generations after it, all of them as their C4
// says; nothing otherwise. An empty `staged` is a chain without generations.
std::optional<mhl::Chain> ContinuedRecord(const Volume& volume, int data, const std::string& staged, int root,
                                          const std::string& there);

// Those below an open directory. One thread; everything given must outlive it.
class TreeRecordFiles : public mhl::RecordFiles {
 public:
  TreeRecordFiles(const Volume& volume, int tree) : volume_(volume), tree_(tree) {}
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;
  absl::StatusOr<std::string> Read(const std::string& path, size_t size_max) override;
  absl::Status MakeDirectory(const std::string& path) override;
  absl::Status Write(const std::string& path, const std::function<absl::Status(const mhl::Sink&)>& fill) override;

 private:
  const Volume& volume_;
  const int tree_;
};

// Those of a staged tree: only what the manifest brought is seen.
class StagedRecordFiles : public TreeRecordFiles {
 public:
  StagedRecordFiles(const Volume& volume, int data, const wire::Manifest& manifest)
      : TreeRecordFiles(volume, data), manifest_(manifest) {}
  absl::StatusOr<std::vector<std::string>> List(const std::string& directory) override;

 private:
  const wire::Manifest& manifest_;
};

}  // namespace crossdock::agent
