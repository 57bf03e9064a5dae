// The hashes of directories: of what they hold (content) and of how it is named (structure).
//
//   content    H over the children's digests: of files their hash, of directories their content hash
//   structure  H over H(name ‖ digest) of the children: of files their hash, of directories their structure hash
//
// each over the raw digests in ascending order. Names count as the bytes that they are. About 40 bytes a file.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/mhl/hash.h"
#include "lib/mhl/manifest.h"

namespace crossdock::mhl {

// Not thread-safe. Order does not matter.
class DirectoryHasher {
 public:
  explicit DirectoryHasher(std::vector<HashFormat> formats);
  // `digests` has every format.
  void AddFile(std::string_view path, const Digests& digests);
  void AddDirectory(std::string_view path);
  // Of every directory, "" among them; it is spent afterwards.
  std::map<std::string, std::vector<DirectoryHash>> Finish();

 private:
  struct Lists {
    std::string content, structure;  // raw digests, one after another
  };
  std::vector<Lists>& Of(std::string_view directory);
  void AddChild(std::string_view path, size_t format, std::string_view content, std::string_view structure);

  const std::vector<HashFormat> formats_;
  std::unordered_map<std::string, std::vector<Lists>> directories_;
};

}  // namespace crossdock::mhl
