// Writes the seeds of every corpus: fuzz_seeds DIRECTORY. What else is there stays.
#include <filesystem>
#include <iostream>

#include "lib/base/check.h"
#include "lib/base/file.h"
#include "lib/base/strings.h"
#include "tests/fuzz/seeds.h"

int main(int argc, char** argv) {
  using namespace crossdock;
  if (argc != 2) {
    std::cerr << "usage: fuzz_seeds DIRECTORY\n";
    return 2;
  }
  fuzz::Seeds seeds;
  fuzz::AddWireSeeds(seeds);
  fuzz::AddAgentSeeds(seeds);
  fuzz::AddMhlSeeds(seeds);
  fuzz::AddStatementSeeds(seeds);
  fuzz::AddTransparencySeeds(seeds);
  fuzz::AddOidcSeeds(seeds);
  fuzz::AddTextSeeds(seeds, CROSSDOCK_SOURCE_DIR);
  for (const auto& [target, files] : seeds) {
    const std::string directory = base::StrCat(argv[1], "/", target);
    std::filesystem::create_directories(directory);
    for (const auto& [name, bytes] : files) {
      const std::string file = name.starts_with("finding-") ? name : "seed-" + name;
      const absl::Status written = base::WriteFileAtomic(base::StrCat(directory, "/", file), bytes);
      INVARIANT(written.ok()) << written;
    }
  }
}
