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
  entry.mode = 0644;
  return entry;
}

Entry HardLink(std::string path, std::string target) {
  Entry entry;
  entry.path = std::move(path);
  entry.type = EntryType::kHardLink;
  entry.link_target = std::make_shared<const std::string>(std::move(target));
  return entry;
}

std::shared_ptr<const Attributes> Shared(Attributes attributes) {
  return std::make_shared<const Attributes>(std::move(attributes));
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
  manifest.entries.back().attributes = Shared({{"user.shot", std::string("sh010\0", 6)}});
  Entry link;
  link.path = "c";
  link.type = EntryType::kSymlink;
  link.link_target = std::make_shared<const std::string>("a/b.1001.exr");
  manifest.entries.push_back(link);
  manifest.entries.push_back(HardLink("d.exr", "a/b.1001.exr"));
  return manifest;
}

// Why the receiver refuses a manifest; "" when it does not.
std::string Refusal(const std::vector<Entry>& entries) {
  Manifest manifest{entries};
  Manifest copy;
  return base::ReasonOf(ManifestDecoder().Add(ManifestEncoder(manifest).NextChunk(), &copy));
}

TEST_CASE("a manifest comes back from its chunks as it was", "[wire][manifest]") {
  Manifest manifest = Sample();
  for (int i = 0; i < 1000; ++i) manifest.entries.push_back(File("e." + std::to_string(10000 + i), 1));
  ManifestEncoder encoder(manifest, 4096);
  ManifestDecoder decoder;
  Manifest copy;
  int chunks = 0;
  for (; !encoder.done(); ++chunks) REQUIRE(decoder.Add(encoder.NextChunk(), &copy).ok());
  CHECK(chunks >= 10);
  REQUIRE(copy.entries.size() == manifest.entries.size());
  CHECK(ListingDigest(copy) == ListingDigest(manifest));
  CHECK(copy.entries[1].sha256 == manifest.entries[1].sha256);
  CHECK(*copy.entries[2].link_target == "a/b.1001.exr");
  CHECK(copy.entries[0].mode == 0755);
  CHECK(*copy.entries[1].attributes == *manifest.entries[1].attributes);
  CHECK(copy.entries[3].type == EntryType::kHardLink);
  CHECK(*copy.entries[3].link_target == "a/b.1001.exr");
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
  const auto refusal = [](Entry entry) { return Refusal({std::move(entry)}); };
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

TEST_CASE("a hard link names a file that came before it, and nothing else", "[wire][manifest]") {
  CHECK(Refusal({File("a", 1), HardLink("b", "a")}).empty());
  CHECK(Refusal({HardLink("b", "a")}) == "PEER_PROTOCOL");
  CHECK(Refusal({HardLink("b", "c"), File("c", 1)}) == "PEER_PROTOCOL");
  CHECK(Refusal({HardLink("b", "b")}) == "PEER_PROTOCOL");
  CHECK(Refusal({File("a", 1), HardLink("b", "a"), HardLink("c", "b")}) == "PEER_PROTOCOL");
  Entry directory = File("a", 0);
  directory.type = EntryType::kDirectory;
  directory.inode = 0;
  CHECK(Refusal({directory, HardLink("b", "a")}) == "PEER_PROTOCOL");
  CHECK(Refusal({File("a", 1), HardLink("b", "../a")}) == "NAME_RESERVED");
  Entry sized = HardLink("b", "a");
  sized.size = 1;
  CHECK(Refusal({File("a", 1), sized}) == "PEER_PROTOCOL");
}

TEST_CASE("that a file is sparse crosses, and is in no digest", "[wire][manifest]") {
  Manifest manifest = Sample();
  const std::string digest = ListingDigest(manifest);
  manifest.entries[1].sparse = true;
  Manifest copy;
  REQUIRE(ManifestDecoder().Add(ManifestEncoder(manifest).NextChunk(), &copy).ok());
  CHECK(copy.entries[1].sparse);
  CHECK_FALSE(copy.entries[3].sparse);
  CHECK(ListingDigest(copy) == digest);
  manifest.entries[0].sparse = true;
  CHECK(Refusal(manifest.entries) == "PEER_PROTOCOL");
}

TEST_CASE("attributes are the users' own, in order, and few", "[wire][manifest]") {
  const auto refusal = [](Attributes attributes) {
    Entry entry = File("a", 1);
    entry.attributes = Shared(std::move(attributes));
    return Refusal({entry});
  };
  CHECK(refusal({{"user.a", "1"}, {"user.b", ""}}).empty());
  CHECK(refusal({{"user.b", "1"}, {"user.a", "1"}}) == "PEER_PROTOCOL");
  CHECK(refusal({{"user.a", "1"}, {"user.a", "2"}}) == "PEER_PROTOCOL");
  for (const char* name : {"security.capability", "trusted.x", "system.posix_acl_access", "user.",
                           "user.overlay.opaque", "user.a/b", "user.\x1b[2J", "user"}) {
    INFO(name);
    CHECK(refusal({{name, "1"}}) == "PEER_PROTOCOL");
  }
  CHECK(refusal({{"user.a", std::string(kAttributesSizeMax - 6, 'x')}}).empty());
  CHECK(refusal({{"user.a", std::string(kAttributesSizeMax - 5, 'x')}}) == "PEER_PROTOCOL");
  Attributes many;
  for (size_t i = 0; i <= kAttributesMax; ++i) many.push_back({"user." + std::to_string(100 + i), ""});
  CHECK(refusal(many) == "PEER_PROTOCOL");
  many.pop_back();
  CHECK(refusal(many).empty());
  Entry link = HardLink("b", "a");
  link.attributes = Shared({{"user.a", "1"}});
  CHECK(Refusal({File("a", 1), link}) == "PEER_PROTOCOL");
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
  // printf 'crossdock/listing/v2\n' and the entries' bytes, through sha256sum.
  CHECK(base::ToHex(digest) == "f014b15739b03bfd540761bc64dbd511f2b4c26bb086f4d93ca20c413960804c");
  const auto with = [](auto change) {
    Manifest changed = Sample();
    change(changed.entries[1]);
    return ListingDigest(changed);
  };
  CHECK(with([](Entry& e) { e.size++; }) != digest);
  CHECK(with([](Entry& e) { e.mtime_ns++; }) != digest);
  CHECK(with([](Entry& e) { e.inode++; }) != digest);
  CHECK(with([](Entry& e) { e.path += "x"; }) != digest);
  CHECK(with([](Entry& e) { e.mode ^= 0111; }) != digest);
  CHECK(with([](Entry& e) { e.attributes = Shared({{"user.shot", "sh011"}}); }) != digest);
  CHECK(with([](Entry& e) { e.attributes = nullptr; }) != digest);
  CHECK(with([](Entry& e) { e.sha256.reset(); }) == digest);
  // A directory's time moves with every name that comes and goes in it, and says nothing of those that were listed.
  Manifest touched = Sample();
  touched.entries[0].mtime_ns = 1;
  CHECK(ListingDigest(touched) == digest);
  Manifest relinked = Sample();
  relinked.entries[3].link_target = std::make_shared<const std::string>("c");
  CHECK(ListingDigest(relinked) != digest);
}

TEST_CASE("the content root is fixed, and needs every file's digest", "[wire][manifest]") {
  Manifest manifest = Sample();
  CHECK(base::ToHex(ContentRoot(manifest).value()) ==
        "39a6062650184fc8155e52f95bcd6d36b3403f53b1b8616be3a903920651c584");
  manifest.entries[1].mtime_ns = 0;
  CHECK(base::ToHex(ContentRoot(manifest).value()) ==
        "39a6062650184fc8155e52f95bcd6d36b3403f53b1b8616be3a903920651c584");
  manifest.entries[1].sha256.reset();
  CHECK_FALSE(ContentRoot(manifest).ok());
}

}  // namespace
}  // namespace crossdock::wire
