// The digests of many files, side by side: as many bytes as they have where all have the same formats.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "lib/mhl/hash.h"

namespace crossdock::mhl {

// Not thread-safe.
class DigestTable {
 public:
  // `formats`: what every file has. `size`: how many there may be.
  DigestTable(std::vector<HashFormat> formats, size_t size);
  void Set(size_t index, const Digests& digests);
  Digests Get(size_t index) const;

 private:
  const std::vector<HashFormat> formats_;
  size_t stride_ = 0;
  std::string raw_;
  std::unordered_map<size_t, Digests> more_;  // of formats that not every file has
};

}  // namespace crossdock::mhl
