#include "lib/mhl/write.h"
#include "tests/fuzz/seeds.h"

namespace crossdock::fuzz {
namespace {

using namespace mhl;

const base::Instant kThen{std::chrono::seconds(1'795'170'196)};
const std::string k128(16, 'x');

std::string ExampleC4() { return EncodeHash(HashFormat::kC4, std::string(64, '4')); }

Manifest ExampleGeneration() {
  Manifest manifest;
  manifest.creator = {kThen, "lon-1", "crossdock", "1", {{"Ana", "ana@lon.example", "", "DIT"}}, "London", "a & b"};
  manifest.process = Process::kTransfer;
  manifest.root = {{HashFormat::kXxh128, k128, k128}};
  manifest.ignore = {".DS_Store", "ascmhl/"};
  FileRecord file;
  file.path = "plates/sh010.1001.exr";
  file.size = 12'000'000;
  file.modified = kThen;
  file.hashes = {{HashFormat::kXxh128, k128, Action::kOriginal, kThen},
                 {HashFormat::kMd5, std::string(16, 'm'), Action::kVerified, {}}};
  file.previous_path = "plates/sh010.exr";
  manifest.files = {file};
  manifest.directories = {{"plates", kThen, {{HashFormat::kXxh128, k128, k128}}}};
  manifest.references = {{"plates/ascmhl/0001_plates.mhl", ExampleC4()}};
  return manifest;
}

}  // namespace

void AddMhlSeeds(Seeds& seeds) {
  seeds["mhl"]["generation"] = *WriteManifest(ExampleGeneration());
  seeds["mhl"]["chain"] =
      *WriteChain({{1, "0001_A002_2026-11-20_102316Z.mhl", ExampleC4()}, {2, "0002_A002.mhl", ExampleC4()}});
}

}  // namespace crossdock::fuzz
