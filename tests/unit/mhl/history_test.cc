#include "lib/mhl/history.h"

#include <malloc.h>

#include "catch2/catch.hpp"
#include "lib/mhl/packing_list.h"
#include "lib/mhl/read.h"
#include "tests/unit/mhl/memory_tree.h"

namespace crossdock::mhl {
namespace {

using Strings = std::vector<std::string>;
constexpr char kFirst[] = "ascmhl/0001_A002_2026-11-20_102316Z.mhl";
constexpr char kSecond[] = "ascmhl/0002_A002_2026-11-20_102316Z.mhl";
constexpr char kChainPath[] = "ascmhl/ascmhl_chain.xml";

MemoryTree Recorded() {
  MemoryTree tree;
  tree.files = {{"f1", "foo"}, {"sub/f2", "bar"}, {"sub/zero", ""}};
  tree.empty_directories = {"empty"};
  REQUIRE(tree.Append().ok());
  return tree;
}

std::string ReasonOfCheck(MemoryTree& tree) { return std::string(base::ReasonOf(tree.Check().status())); }

Manifest At(MemoryTree& tree, const std::string& path) { return *ReadManifest(tree.files.at(path), path); }

TEST_CASE("a tree that was recorded verifies, generation after generation", "[mhl]") {
  MemoryTree tree = Recorded();
  CHECK(tree.files.contains(kFirst));
  CHECK(tree.Check()->problems.empty());
  CHECK(tree.Check()->files == 3);
  const auto second = tree.Append();
  REQUIRE(second.ok());
  CHECK(second->verified == 3);
  CHECK(second->original == 0);
  CHECK(tree.Check()->problems.empty());
  CHECK(At(tree, kSecond).files[0].hashes[0].action == Action::kVerified);
}

TEST_CASE("verifying finds what was changed, is missing, or is new", "[mhl]") {
  MemoryTree tree = Recorded();
  tree.files["f1"] = "fOo";
  tree.files["new"] = "x";
  tree.files.erase("sub/zero");
  const auto result = tree.Check();
  REQUIRE(result.ok());
  CHECK(Told(result->problems) ==
        Strings{"f1: MHL_HASH_MISMATCH", "new: MHL_FILE_UNKNOWN", "sub/zero: MHL_FILE_MISSING"});
}

TEST_CASE("an empty directory that came or went is found by the directories' hashes", "[mhl]") {
  MemoryTree tree = Recorded();
  tree.empty_directories = {};
  CHECK(Told(tree.Check()->problems) == Strings{": MHL_DIRECTORY_HASH_MISMATCH", "empty: MHL_DIRECTORY_HASH_MISMATCH"});
}

TEST_CASE("a chain that is broken anywhere is found before any file is read", "[mhl]") {
  MemoryTree tree = Recorded();
  REQUIRE(tree.Append().ok());
  const auto whole = tree.files;
  tree.files[kFirst] += " ";
  CHECK(ReasonOfCheck(tree) == kReasonManifestAltered);
  tree.files.erase(kFirst);
  CHECK(ReasonOfCheck(tree) == kReasonManifestMissing);
  tree.files = whole;
  tree.files.erase(kChainPath);
  CHECK(ReasonOfCheck(tree) == kReasonNoChain);
  tree.files = whole;
  tree.files[kChainPath].replace(tree.files[kChainPath].find("0002_A002"), 9, "0003_A002");
  CHECK(ReasonOfCheck(tree) == kReasonChainInvalid);
  tree.files = {{"f1", "foo"}};
  CHECK(ReasonOfCheck(tree) == kReasonNoHistory);
}

TEST_CASE("a changed file is recorded as failed, and what failed never verifies it", "[mhl]") {
  MemoryTree tree = Recorded();
  tree.files["f1"] = "fOo";
  const auto second = tree.Append({HashFormat::kXxh128, HashFormat::kMd5});
  REQUIRE(second.ok());
  CHECK(second->failed == 1);
  const Manifest manifest = At(tree, kSecond);
  for (const FileRecord& file : manifest.files) {
    if (file.path != "f1") continue;
    // No new format either: it would be a first hash of what is not the file.
    REQUIRE(file.hashes.size() == 1);
    CHECK(file.hashes[0].action == Action::kFailed);
  }
  CHECK(Told(tree.Check()->problems) == Strings{"f1: MHL_HASH_MISMATCH"});
}

TEST_CASE("a new format of a known file is verified by a known one", "[mhl]") {
  MemoryTree tree = Recorded();
  REQUIRE(tree.Append({HashFormat::kMd5}).ok());
  const FileRecord file = At(tree, kSecond).files[0];
  REQUIRE(file.hashes.size() == 2);
  CHECK(file.hashes[0].format == HashFormat::kMd5);
  CHECK(file.hashes[0].action == Action::kVerified);
  CHECK(file.hashes[1].format == HashFormat::kXxh128);
}

TEST_CASE("a history inside is continued first, and the outer one refers to it", "[mhl]") {
  MemoryTree tree;
  tree.files = {{"f", "inner"}};
  REQUIRE(tree.Append().ok());
  std::map<std::string, std::string> outer;
  for (const auto& [path, content] : tree.files) outer["A003/" + path] = content;
  outer["g"] = "outer";
  tree.files = outer;
  const auto result = tree.Append();
  REQUIRE(result.ok());
  REQUIRE(result->written.size() == 2);
  CHECK(result->written[0].root == "A003");
  CHECK(result->written[0].number == 2);
  CHECK(result->written[1].number == 1);
  const Manifest top = At(tree, kFirst);
  REQUIRE(top.files.size() == 1);
  CHECK(top.files[0].path == "g");
  REQUIRE(top.directories.size() == 1);
  CHECK(top.directories[0].path == "A003");
  REQUIRE(top.references.size() == 1);
  CHECK(top.references[0].path == "A003/ascmhl/0002_A003_2026-11-20_102316Z.mhl");
  CHECK(tree.Check()->problems.empty());
  CHECK(tree.Check()->files == 2);
  tree.files["A003/f"] = "Inner";
  CHECK(Told(tree.Check()->problems) == Strings{"A003/f: MHL_HASH_MISMATCH"});
  tree.files["A003/f"] = "inner";
  tree.files["A003/" + std::string(kFirst)] += " ";
  CHECK(ReasonOfCheck(tree) == kReasonManifestAltered);
}

TEST_CASE("a manifest that no chain has stops a new generation", "[mhl]") {
  MemoryTree tree = Recorded();
  tree.files[kSecond] = tree.files[kFirst];
  CHECK(base::ReasonOf(tree.Append().status()) == kReasonUnlisted);
}

TEST_CASE("what was to be ignored once stays ignored", "[mhl]") {
  MemoryTree tree;
  tree.files = {{"f", "1"}, {"cache/x", "2"}, {"a.tmp", "3"}, {".DS_Store", "4"}};
  REQUIRE(tree.Append({HashFormat::kXxh128}, {"cache/"}).ok());
  REQUIRE(tree.Append({HashFormat::kXxh128}, {"*.tmp"}).ok());
  REQUIRE(tree.Append().ok());
  const Manifest last = At(tree, "ascmhl/0003_A002_2026-11-20_102316Z.mhl");
  CHECK(last.files.size() == 1);
  CHECK(last.ignore == Strings{".DS_Store", "ascmhl", "ascmhl/", "cache/", "*.tmp"});
  CHECK(tree.Check()->problems.empty());
}

TEST_CASE("files that changed their names keep what is known of them", "[mhl]") {
  History history;
  Manifest first, second;
  first.files = {{"a", {}, {}, {{HashFormat::kMd5, HashOf(HashFormat::kMd5, "A"), Action::kOriginal, {}}}, ""},
                 {"b", {}, {}, {{HashFormat::kMd5, HashOf(HashFormat::kMd5, "B"), Action::kOriginal, {}}}, ""}};
  second.files = {{"b", {}, {}, {}, "a"}, {"a", {}, {}, {}, "b"}};
  history.Add(first);
  history.Add(second);
  CHECK(history.known.at("a").digests.at(HashFormat::kMd5) == HashOf(HashFormat::kMd5, "B"));
  CHECK(history.known.at("b").digests.at(HashFormat::kMd5) == HashOf(HashFormat::kMd5, "A"));
}

TEST_CASE("a failed hash is not known, also where it is the only one of its format", "[mhl]") {
  History history;
  Manifest manifest;
  manifest.files = {{"a", {}, {}, {{HashFormat::kMd5, "raw", Action::kFailed, {}}}, ""}};
  history.Add(manifest);
  CHECK(history.known.at("a").digests.empty());
}

TEST_CASE("a long history takes the memory of its files, not of its generations", "[mhl]") {
  MemoryTree tree;
  for (int i = 0; i < 2'000; ++i) tree.files["sequence/of/frames/with/a/long/name." + std::to_string(10'000 + i)] = "f";
  const auto taken = [&] {
    tree.Look();
    const size_t before = mallinfo2().uordblks;
    const auto histories = Histories::Read(tree, tree);
    REQUIRE(histories.ok());
    CHECK(histories->all()[0].known.size() == 2'000);
    return mallinfo2().uordblks - before;
  };
  REQUIRE(tree.Append().ok());
  const size_t one = taken();
  for (int i = 0; i < 9; ++i) REQUIRE(tree.Append().ok());
  const size_t ten = taken();
  CHECK(ten <= one + one / 4);  // both are 0 where a sanitizer counts
}

TEST_CASE("manifests together may not be larger than allowed", "[mhl]") {
  MemoryTree tree = Recorded();
  const size_t size = tree.files.at(kFirst).size();
  tree.Look();
  CHECK(Histories::Read(tree, tree, size).ok());
  CHECK(base::ReasonOf(Histories::Read(tree, tree, size - 1).status()) == kReasonTooLarge);
}

TEST_CASE("a packing list says of data that was not seen what must be there", "[mhl]") {
  MemoryTree tree = Recorded();
  tree.Look();
  const auto list = Flatten(*Histories::Read(tree, tree), {});
  REQUIRE(list.ok());
  MemoryTree sent;
  REQUIRE(WritePackingList(sent, "p", "A002", *list).ok());
  CHECK(sent.files.contains("p/packinglist_A002_1970-01-01_000000Z.mhl"));
  const auto read = ReadPackingList(sent, "p");
  REQUIRE(read.ok());
  CHECK(CheckPackingList(tree, *read)->problems.empty());
  MemoryTree arrived;
  arrived.files = {{"f1", "fOo"}, {"sub/f2", "bar"}, {"more", ""}};
  CHECK(Told(CheckPackingList(arrived.Look(), *read)->problems) ==
        Strings{"f1: MHL_HASH_MISMATCH", "more: MHL_FILE_UNKNOWN", "sub/zero: MHL_FILE_MISSING"});
  sent.files["p/packinglist_A002_1970-01-01_000000Z.mhl"] += "\n";
  CHECK(base::ReasonOf(ReadPackingList(sent, "p").status()) == kReasonManifestAltered);
}

TEST_CASE("names of manifests", "[mhl]") {
  const base::Instant began = *base::ParseInstant("2026-11-20T11:23:16.9+01:00");
  CHECK(ManifestName(2, "A002", began) == "0002_A002_2026-11-20_102316Z.mhl");
  CHECK(ManifestName(12345, "A", began) == "12345_A_2026-11-20_102316Z.mhl");
  std::string wide(199, 'a');
  wide += "é";
  CHECK(ManifestName(1, wide, began) == "0001_" + std::string(199, 'a') + "_2026-11-20_102316Z.mhl");
  CHECK(NumberOf("0012_A.mhl") == 12);
  CHECK(NumberOf("0012.mhl") == 12);
  for (const char* none : {"012_A.mhl", "0012A.mhl", "0012_A.xml", "a/0012_A.mhl", "._0012_A.mhl"}) {
    CHECK_FALSE(NumberOf(none));
  }
}

}  // namespace
}  // namespace crossdock::mhl
