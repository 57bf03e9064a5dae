#include "cli/output.h"

#include <sstream>

#include "catch2/catch.hpp"

namespace crossdock::cli {
namespace {

TEST_CASE("what a terminal would obey is shown as its bytes, and nothing else can look so") {
  CHECK(Shown("caf\xc3\xa9 \xe2\x86\x92") == "caf\xc3\xa9 \xe2\x86\x92");
  CHECK(Shown("a\x1b[2J\n") == "a%1B[2J%0A");
  CHECK(Shown("\xff") == "%FF");
  CHECK(Shown("%1B") == "%251B");
  CHECK(Shown("12% of 3 B, 5%") == "12% of 3 B, 5%");
}

TEST_CASE("words that are not there leave no gap, and a row without any says so") {
  CHECK(Words({"", "comp", "", "v003"}) == "comp v003");
  std::ostringstream out;
  Table table({"WHAT", "STATE"});
  table.Add({Words({"", ""}), "held"});
  table.Print(out);
  CHECK(out.str() == "WHAT  STATE\n-     held\n");
}

}  // namespace
}  // namespace crossdock::cli
