// Frame sequences: which frames of prefix.####.ext are missing between the first and the last that are there.
//
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace crossdock::agent {

struct SequenceGap {
  std::string pattern;  // "sh010_comp.####.exr"
  std::string missing;  // "1009-1011, 1015"; cut with "…" after 20 ranges
  size_t frames = 0;    // how many are missing
};

// Takes the file names of one directory, and keeps four bytes of each. A sequence is three or more names that differ
// only in a number of three to eight digits before the last extension, set off by `.`, `_` or `-`; two files are a
// coincidence, `v003` is a version. Of more than 10,000 beginnings the later ones are not looked at.
class FrameSequences {
 public:
  void Add(std::string_view name);
  std::vector<SequenceGap> Gaps() const;

 private:
  using Key = std::tuple<std::string, std::string, size_t>;  // what is before the number, what is behind, its digits
  std::map<Key, std::vector<uint32_t>> sequences_;
};

}  // namespace crossdock::agent
