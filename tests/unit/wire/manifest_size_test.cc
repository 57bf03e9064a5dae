// Manifests at their limits: the longest names, the deepest directories, a million entries.
#include <malloc.h>

#include <chrono>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/wire/manifest.h"
#include "lib/wire/name.h"

namespace crossdock::wire {
namespace {

std::string Refusal(const std::string& path) {
  Manifest manifest;
  manifest.entries.resize(1);
  manifest.entries[0].path = path;
  Manifest copy;
  return base::ReasonOf(ManifestDecoder().Add(ManifestEncoder(manifest).NextChunk(), &copy));
}

std::string Deep(size_t levels) {
  std::string path = "d";
  for (size_t level = 1; level < levels; ++level) path += "/d";
  return path;
}

TEST_CASE("names, paths and depths cross up to their limits, and not beyond", "[wire][manifest]") {
  CHECK(Refusal(std::string(kNameSizeMax, 'n')).empty());
  CHECK(Refusal(std::string(kNameSizeMax + 1, 'n')) == "NAME_TOO_LONG");
  CHECK(Refusal(Deep(kPathDepthMax)).empty());
  CHECK(Refusal(Deep(kPathDepthMax + 1)) == "NAME_TOO_LONG");
  std::string path;
  while (path.size() < kPathSizeMax - 255) path += std::string(200, 'p') + "/";
  path += std::string(kPathSizeMax - path.size(), 'e');
  CHECK(Refusal(path).empty());
  CHECK(Refusal(path + "e") == "NAME_TOO_LONG");
}

TEST_CASE("a chunk holds the largest entries that there can be", "[wire][manifest]") {
  Manifest manifest;
  const std::string above = std::string(200, 'p') + "/";
  Attributes attributes = {{"user.a", std::string(kAttributesSizeMax - 6, 'x')}};
  for (int i = 0; i < 100; ++i) {
    Entry entry;
    while (entry.path.size() < kPathSizeMax - 255) entry.path += above;
    entry.path += std::to_string(1000 + i);
    entry.path.append(kPathSizeMax - entry.path.size(), 'e');
    entry.sha256.emplace();
    entry.attributes = std::make_shared<const Attributes>(attributes);
    manifest.entries.push_back(std::move(entry));
  }
  Manifest copy;
  ManifestDecoder decoder;
  for (ManifestEncoder encoder(manifest, kManifestChunkSizeMax); !encoder.done();) {
    const std::string chunk = encoder.NextChunk();
    REQUIRE(chunk.size() <= kManifestChunkSizeMax);
    REQUIRE(decoder.Add(chunk, &copy).ok());
  }
  CHECK(ListingDigest(copy) == ListingDigest(manifest));
}

// Times and sizes are said, and bounded only where nothing but a mistake in the algorithm could exceed them.
TEST_CASE("a million small files pass encoder, decoder and digest", "[wire][manifest]") {
  constexpr size_t kFiles = 1'000'000;
  const auto began = std::chrono::steady_clock::now();
  const auto heap = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = heap();
  Manifest manifest;
  manifest.entries.reserve(kFiles);
  for (size_t i = 0; i < kFiles; ++i) {
    Entry& entry = manifest.entries.emplace_back();
    entry.path = "sh010/comp/v001/cache/particles." + std::to_string(1'000'000 + i) + ".bgeo";
    entry.size = 1 + i % 100;
    entry.inode = i + 1;
    entry.mode = 0644;
  }
  const size_t each = (heap() - before) / kFiles;
  Manifest copy;
  ManifestDecoder decoder;
  for (ManifestEncoder encoder(manifest); !encoder.done();) REQUIRE(decoder.Add(encoder.NextChunk(), &copy).ok());
  REQUIRE(copy.entries.size() == kFiles);
  CHECK(ListingDigest(copy) == ListingDigest(manifest));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  WARN("a million entries of 50-byte paths: " << each << " bytes each; encoded, decoded and digested in "
                                              << took.count() << " s");
  CHECK(each <= 250);
  CHECK(took.count() < 60);
}

}  // namespace
}  // namespace crossdock::wire
