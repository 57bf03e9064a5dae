#include "agent/core/sequence.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

std::vector<SequenceGap> FindGaps(const std::vector<std::string>& names) {
  FrameSequences sequences;
  for (const std::string& name : names) sequences.Add(name);
  return sequences.Gaps();
}

TEST_CASE("missing frames are named as people name them", "[agent][sequence]") {
  std::vector<std::string> names;
  for (int frame = 1001; frame <= 1020; ++frame) {
    if ((frame >= 1009 && frame <= 1011) || frame == 1015) continue;
    names.push_back("sh010_comp." + std::to_string(frame) + ".exr");
  }
  const auto gaps = FindGaps(names);
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].pattern == "sh010_comp.####.exr");
  CHECK(gaps[0].missing == "1009-1011, 1015");
  CHECK(gaps[0].frames == 4);
}

TEST_CASE("padding is kept, and a complete sequence says nothing", "[agent][sequence]") {
  const auto gaps = FindGaps({"a_0001.dpx", "a_0002.dpx", "a_0004.dpx", "b.001.tif", "b.002.tif", "b.003.tif"});
  REQUIRE(gaps.size() == 1);
  CHECK(gaps[0].missing == "0003");
}

TEST_CASE("versions, years and pairs are no sequences", "[agent][sequence]") {
  CHECK(FindGaps({"shot_v001.mov", "shot_v003.mov", "shot_v009.mov"}).empty());
  CHECK(FindGaps({"report.2021.pdf", "report.2024.pdf"}).empty());
  CHECK(FindGaps({"1001.exr", "readme", "a.10.x", "a.12.x", "a.14.x"}).empty());
}

}  // namespace
}  // namespace crossdock::agent
