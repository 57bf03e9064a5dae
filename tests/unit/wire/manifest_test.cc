#include "lib/wire/manifest.h"

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::wire {
namespace {

Entry File(std::string path, uint64_t size) {
  Entry entry;
  entry.path = std::move(path);
  entry.size = size;
  entry.mtime_ns = 1'700'000'000'123'456'789;
  entry.inode = 42;
  entry.device = 7;
  entry.mode = 0644;
  return entry;
}

Manifest Sample() {
  Manifest manifest;
  Entry directory;
  directory.path = "a";
  directory.type = EntryType::kDirectory;
  directory.mode = 0755;
  manifest.entries.push_back(directory);
  manifest.entries.push_back(File("a/b.1001.exr", 10));
  manifest.entries.back().sha256.emplace().fill(0x5a);
  Entry link;
  link.path = "c";
  link.type = EntryType::kSymlink;
  link.link_target = std::make_shared<const std::string>("a/b.1001.exr");
  manifest.entries.push_back(link);
  return manifest;
}

TEST_CASE("a manifest comes back from its chunks as it was", "[wire][manifest]") {
  Manifest manifest = Sample();
  for (int i = 0; i < 1000; ++i) manifest.entries.push_back(File("d." + std::to_string(10000 + i), 1));
  ManifestEncoder encoder(manifest, 4096);
  ManifestDecoder decoder;
  Manifest copy;
  int chunks = 0;
  for (; !encoder.done(); ++chunks) REQUIRE(decoder.Add(encoder.NextChunk(), &copy).ok());
  CHECK(chunks > 10);
  REQUIRE(copy.entries.size() == manifest.entries.size());
  CHECK(ListingDigest(copy) == ListingDigest(manifest));
  CHECK(copy.entries[1].sha256 == manifest.entries[1].sha256);
  CHECK(*copy.entries[2].link_target == "a/b.1001.exr");
  CHECK(copy.entries[0].mode == 0755);
  CHECK(copy.files() == 1001);
  CHECK(copy.bytes() == 1010);
}

TEST_CASE("every truncation of a chunk is refused, and so is a byte too many", "[wire][manifest]") {
  const Manifest manifest = Sample();
  const std::string chunk = ManifestEncoder(manifest).NextChunk();
  for (size_t size = 0; size < chunk.size(); ++size) {
    Manifest copy;
    CHECK_FALSE(ManifestDecoder().Add(chunk.substr(0, size), &copy).ok());
  }
  Manifest copy;
  CHECK_FALSE(ManifestDecoder().Add(chunk + "x", &copy).ok());
}

TEST_CASE("the receiver refuses entries that no honest scan makes", "[wire][manifest]") {
  const auto refusal = [](Entry entry) {
    Manifest manifest;
    manifest.entries.push_back(std::move(entry));
    Manifest copy;
    return base::ReasonOf(ManifestDecoder().Add(ManifestEncoder(manifest).NextChunk(), &copy));
  };
  CHECK(refusal(File("ok", 1)).empty());
  CHECK(refusal(File("../up", 1)) == "NAME_RESERVED");
  CHECK(refusal(File("/abs", 1)) == "NAME_EMPTY");
  CHECK(refusal(File("a\xe2\x80\xae", 1)) == "NAME_INVISIBLE");
  Entry setuid = File("x", 1);
  setuid.mode = 04755;
  CHECK(refusal(setuid) == "PEER_PROTOCOL");
  Entry link;
  link.path = "l";
  link.type = EntryType::kSymlink;
  link.link_target = std::make_shared<const std::string>("../../etc");
  CHECK(refusal(link) == "SYMLINK_OUTSIDE");
  Entry directory = File("d", 1);
  directory.type = EntryType::kDirectory;
  CHECK(refusal(directory) == "PEER_PROTOCOL");
}

TEST_CASE("an order that is not strictly ascending is refused", "[wire][manifest]") {
  for (const char* second : {"a", "b"}) {
    Manifest manifest;
    manifest.entries = {File("b", 1), File(second, 1)};
    Manifest copy;
    CHECK(base::ReasonOf(ManifestDecoder().Add(ManifestEncoder(manifest).NextChunk(), &copy)) == "PEER_PROTOCOL");
  }
}

TEST_CASE("the listing's digest is fixed, and moves with what it names", "[wire][manifest]") {
  const Manifest manifest = Sample();
  const std::string digest = ListingDigest(manifest);
  // printf 'crossdock/listing/v1\n' and the entries' bytes, through sha256sum.
  CHECK(base::ToHex(digest) == "0d04311828417d77f8a8073c931b790575fca719b498e9341cf44debf17b95fa");
  const auto with = [](auto change) {
    Manifest changed = Sample();
    change(changed.entries[1]);
    return ListingDigest(changed);
  };
  CHECK(with([](Entry& e) { e.size++; }) != digest);
  CHECK(with([](Entry& e) { e.mtime_ns++; }) != digest);
  CHECK(with([](Entry& e) { e.inode++; }) != digest);
  CHECK(with([](Entry& e) { e.path += "x"; }) != digest);
  CHECK(with([](Entry& e) { e.device++; }) == digest);
  CHECK(with([](Entry& e) { e.sha256.reset(); }) == digest);
}

TEST_CASE("the content root is fixed, and needs every file's digest", "[wire][manifest]") {
  Manifest manifest = Sample();
  CHECK(base::ToHex(ContentRoot(manifest).value()) ==
        "a265e7c3ffa845309254f358d18373fd2caa30300b71efc9954cc4b43a020965");
  manifest.entries[1].mtime_ns = 0;
  CHECK(base::ToHex(ContentRoot(manifest).value()) ==
        "a265e7c3ffa845309254f358d18373fd2caa30300b71efc9954cc4b43a020965");
  manifest.entries[1].sha256.reset();
  CHECK_FALSE(ContentRoot(manifest).ok());
}

}  // namespace
}  // namespace crossdock::wire
