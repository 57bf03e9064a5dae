// Frame sequences: which frames of prefix.####.ext are missing between the first and the last that are there.
//
// Pure and thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace crossdock::agent {

struct SequenceGap {
  std::string pattern;  // "sh010_comp.####.exr"
  std::string missing;  // "1009-1011, 1015"; cut with "…" after 20 ranges
  size_t frames = 0;    // how many are missing
};

// Of the file names of one directory. A sequence is three or more names that differ only in a number of three to eight
// digits before the last extension, set off by `.`, `_` or `-`; two files are a coincidence, `v003` is a version.
std::vector<SequenceGap> FindGaps(const std::vector<std::string>& names);

}  // namespace crossdock::agent
