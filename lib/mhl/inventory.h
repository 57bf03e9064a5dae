// What the library is told of the world: what stands in the tree, and where records are kept. The command line looks
// into a directory; the agent knows its staging and has hashed everything already.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/mhl/hash.h"
#include "lib/mhl/write.h"

namespace crossdock::mhl {

struct Item {
  std::string_view path;  // relative to the tree; valid until the next call of item()
  bool directory = false;
  uint64_t size = 0;  // of files
  base::Instant modified;
};

// Every file and directory below a folder, `ascmhl` folders and their files included; a link to a file is a file.
// One thread.
class Inventory {
 public:
  virtual ~Inventory() = default;
  virtual size_t size() const = 0;
  virtual Item item(size_t index) const = 0;
  // Of a file: exactly these formats.
  virtual absl::StatusOr<Digests> Hash(size_t index, const std::vector<HashFormat>& formats) = 0;
};

// The files of `ascmhl/` folders. Paths are relative to the tree. One thread.
class RecordFiles {
 public:
  virtual ~RecordFiles() = default;
  // The names in a directory; NotFound when there is none.
  virtual absl::StatusOr<std::vector<std::string>> List(const std::string& directory) = 0;
  // NotFound; MHL_TOO_LARGE above `size_max` bytes.
  virtual absl::StatusOr<std::string> Read(const std::string& path, size_t size_max) = 0;
  // One that is there already is fine.
  virtual absl::Status MakeDirectory(const std::string& path) = 0;
  // What `fill` gives becomes the file at once and durably: another name, fsync, rename, fsync of the directory.
  virtual absl::Status Write(const std::string& path, const std::function<absl::Status(const Sink&)>& fill) = 0;
};

}  // namespace crossdock::mhl
