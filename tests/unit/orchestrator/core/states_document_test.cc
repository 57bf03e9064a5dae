#include <fstream>
#include <sstream>

#include "catch2/catch.hpp"
#include "lib/base/strings.h"
#include "orchestrator/core/policy_life.h"
#include "orchestrator/core/states.h"

namespace crossdock::orchestrator {
namespace {

TEST_CASE("docs/state_machines.md has every move, and no other") {
  std::ifstream file(std::string(CROSSDOCK_SOURCE_DIR) + "/docs/state_machines.md");
  std::string wanted;
  for (const Move& move : kMoves)
    wanted += base::StrCat("| ", Name(move.from), " | ", Name(move.cause), " | ", Name(move.to), " |\n");
  for (const VersionMove& move : kVersionMoves)
    wanted += base::StrCat("| ", Name(move.from), " | ", Name(move.cause), " | ", Name(move.to), " |\n");
  std::string written;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| ") && !line.starts_with("| from ")) written += line + "\n";
  }
  CHECK(written == wanted);
}

}  // namespace
}  // namespace crossdock::orchestrator
