// Every file of every corpus goes through its target, in every build: what a fuzzer has found once stays mended.
#include <algorithm>
#include <filesystem>
#include <vector>

#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/strings.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kCorpus = fs::path(CROSSDOCK_SOURCE_DIR) / "tests/fuzz/corpus";

std::vector<fs::path> FilesOf(std::string_view target) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kCorpus / target)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST_CASE("every input of every corpus keeps the properties of its target, and each target takes some of them",
          "[fuzz]") {
  for (const Target& target : Targets()) {
    int taken = 0;
    for (const fs::path& file : FilesOf(target.name)) {
      INFO(file.string());
      const std::string bytes = *base::ReadFile(file.string());
      taken += target.run(bytes) ? 1 : 0;
    }
    INFO(target.name);
    CHECK(taken > 0);
  }
}

TEST_CASE("seeds are taken, cut at each byte or not", "[fuzz]") {
  for (const Target& target : Targets()) {
    for (const fs::path& file : FilesOf(target.name)) {
      const bool seed = file.filename().string().starts_with("seed-");
      const std::string bytes = *base::ReadFile(file.string());
      INFO(file.string());
      if (seed) CHECK(target.run(bytes));
      // A tenth of the cuts: neighbours break alike.
      const size_t step = bytes.size() / 100 + 1;
      for (size_t size = 0; size < bytes.size(); size += step) target.run(std::string_view(bytes).substr(0, size));
    }
  }
}

TEST_CASE("corpora are small and nobody's leftovers", "[fuzz]") {
  std::vector<std::string> names;
  for (const Target& target : Targets()) names.emplace_back(target.name);
  for (const auto& directory : fs::directory_iterator(kCorpus)) {
    INFO(directory.path().string());
    CHECK(std::find(names.begin(), names.end(), directory.path().filename()) != names.end());
    const std::vector<fs::path> files = FilesOf(directory.path().filename().string());
    CHECK(files.size() <= 30);
    for (const fs::path& file : files) CHECK(fs::file_size(file) < 8192);
  }
}

}  // namespace
}  // namespace crossdock::fuzz
