#include "lib/base/nearest.h"

#include "catch2/catch.hpp"

namespace crossdock::base {
namespace {

TEST_CASE("a slip of the finger is recognised, another word is not") {
  const std::vector<std::string> words{"relay", "roster", "ca", "transfer"};
  CHECK(Nearest("rooster", words) == "roster");
  CHECK(Nearest("trasnfer", words) == "transfer");
  CHECK(Nearest("relays", words) == "relay");
  CHECK(Nearest("approval", words).empty());
  CHECK(Nearest("xy", words).empty());  // as far from "ca" as a word of two letters can be
  CHECK(Nearest(std::string(1000, 'r'), words).empty());
}

}  // namespace
}  // namespace crossdock::base
