// The integrity record of what lands: over whole attempts, from source to destination.
#include <algorithm>

#include "agent/record/record_files.h"
#include "catch2/catch.hpp"
#include "lib/mhl/check.h"
#include "lib/mhl/generation.h"
#include "lib/mhl/read.h"
#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;
using mhl::Action;
using mhl::HashFormat;

constexpr char kFirst[] = "ascmhl/0001_A002_2026-11-20_102316Z.mhl";

// A studio whose destination records what lands.
class RecordingPair : public LandingPair {
 public:
  RecordingPair() {
    record = {"van", "1.0", "transfer t-1, site lon to site van", {HashFormat::kXxh128}};
    Write(Source("exr/1001.exr"), "frame one");
    Write(Source("exr/1002.exr"), "frame two");
    Write(Source("note.txt"), "n");
  }
  // The manifests at the destination, below `root`.
  std::vector<std::string> Names(const std::string& root = "") const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(Destination(root + "ascmhl"))) {
      if (file.path().extension() == ".mhl") names.push_back(file.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  mhl::Chain Chain(const std::string& root = "") const {
    return *mhl::ReadChain(*base::ReadFile(Destination(root + "ascmhl/ascmhl_chain.xml")), "chain");
  }
  std::string Text(size_t index, const std::string& root = "") const {
    return *base::ReadFile(Destination(root + "ascmhl/" + Names(root)[index]));
  }
  mhl::Manifest Generation(size_t index, const std::string& root = "") const {
    return *mhl::ReadManifest(Text(index, root), "manifest");
  }
  // A first generation at the source, of these files; their hashes are of the content that is given.
  void RecordAtSource(const std::string& root, const std::map<std::string, std::string>& files, HashFormat format) {
    mhl::Manifest manifest;
    manifest.creator.created = *base::ParseInstant("2026-11-20T10:23:16Z");
    manifest.creator.hostname = "lon";
    manifest.creator.tool = "other";
    for (const auto& [path, content] : files) {
      manifest.files.push_back(
          {path, content.size(), {}, {{format, HashOf(format, content), Action::kOriginal, {}}}, ""});
    }
    const std::string xml = *mhl::WriteManifest(manifest);
    Write(Source(root + kFirst), xml);
    Write(Source(root + "ascmhl/ascmhl_chain.xml"),
          *mhl::WriteChain({{1, fs::path(kFirst).filename(), mhl::C4Of(xml)}}));
  }
};

TEST_CASE("what landed has a first generation, made of the digests of its arrival", "[record]") {
  RecordingPair pair;
  const auto outcome = pair.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(pair.StagingIsEmpty());
  REQUIRE(pair.Names().size() == 1);
  CHECK(pair.Names()[0].starts_with("0001_sh010_"));
  const mhl::Chain chain = pair.Chain();
  REQUIRE(chain.size() == 1);
  CHECK(chain[0].c4 == mhl::C4Of(pair.Text(0)));
  const mhl::Manifest manifest = pair.Generation(0);
  CHECK(manifest.process == mhl::Process::kTransfer);
  CHECK(manifest.creator.hostname == "van");
  CHECK(manifest.creator.comment == "transfer t-1, site lon to site van");
  REQUIRE(manifest.files.size() == 3);
  CHECK(manifest.files[0].path == "exr/1001.exr");
  CHECK(manifest.files[0].size == 9);
  CHECK(manifest.files[0].hashes[0].raw == mhl::HashOf(HashFormat::kXxh128, "frame one"));
  CHECK(manifest.files[0].hashes[0].action == Action::kOriginal);
  CHECK(manifest.root.size() == 1);
}

TEST_CASE("no file is read again for its record", "[record]") {
  const auto reads = [](bool record) {
    AttemptPair pair;
    for (int i = 0; i < 20; ++i) pair.Write(pair.Source(base::StrCat("f", i)), "content");
    std::atomic<int> count = 0;
    pair.to_calls.on_read = [&] {
      ++count;
      return 0;
    };
    if (record) pair.record = {"van", "1.0", "", {HashFormat::kXxh128}};
    REQUIRE(pair.Run().received.ok());
    return count.load();
  };
  // Its ledger is.
  CHECK(reads(true) - reads(false) < 10);
}

TEST_CASE("nothing of hosts, and no path outside of the package, stands in a record", "[record]") {
  RecordingPair pair;
  REQUIRE(pair.Run().received.ok());
  char host[256] = {};
  REQUIRE(gethostname(host, sizeof host - 1) == 0);
  const std::string text = pair.Text(0);
  CHECK(text.find(pair.tree.root()) == std::string::npos);
  CHECK(text.find("in/sh010") == std::string::npos);
  CHECK(text.find("shots/") == std::string::npos);
  CHECK(text.find("<hostname>van</hostname>") != std::string::npos);
  CHECK(text.find(base::StrCat(">", host, "<")) == std::string::npos);
}

TEST_CASE("the record that came with the package is continued", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("", {{"exr/1001.exr", "frame one"}, {"note.txt", "n"}}, HashFormat::kXxh128);
  const auto outcome = pair.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  const mhl::Chain chain = pair.Chain();
  REQUIRE(chain.size() == 2);
  CHECK(chain[0].path == fs::path(kFirst).filename());
  CHECK(pair.Text(0) == *base::ReadFile(pair.Source(kFirst)));
  const mhl::Manifest second = pair.Generation(1);
  REQUIRE(second.files.size() == 3);
  CHECK(second.files[0].hashes[0].action == Action::kVerified);
  CHECK(second.files[1].hashes[0].action == Action::kOriginal);  // 1002 was not known
}

TEST_CASE("a format that only the source's record knows is verified too", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("", {{"note.txt", "n"}}, HashFormat::kMd5);
  REQUIRE(pair.Run().received.ok());
  const mhl::Manifest second = pair.Generation(1);
  const mhl::FileRecord& note = second.files.back();
  REQUIRE(note.hashes.size() == 2);
  CHECK(note.hashes[0].format == HashFormat::kMd5);
  CHECK(note.hashes[0].action == Action::kVerified);
}

TEST_CASE("a record inside the package is continued as well", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("exr/", {{"1001.exr", "frame one"}, {"1002.exr", "frame two"}}, HashFormat::kXxh128);
  REQUIRE(pair.Run().received.ok());
  CHECK(pair.Chain("exr/").size() == 2);
  CHECK(pair.Chain().size() == 1);
  const mhl::Manifest top = pair.Generation(0);
  REQUIRE(top.references.size() == 1);
  CHECK(top.references[0].c4 == mhl::C4Of(pair.Text(1, "exr/")));
}

TEST_CASE("a file that is not what the source's record says stops the package", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("", {{"note.txt", "m"}}, HashFormat::kXxh128);
  const auto outcome = pair.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "RECORD_MISMATCH");
  CHECK(base::ToStd(outcome.received.status().message()).find("note.txt") != std::string::npos);
  CHECK_FALSE(fs::exists(pair.Destination("")));
  // Made anew at the source, it goes; what has landed is taken over.
  pair.RecordAtSource("", {{"note.txt", "n"}}, HashFormat::kXxh128);
  const auto again = pair.Run();
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed == 3);
  CHECK(pair.Chain().size() == 2);
}

TEST_CASE("a record that was tampered with stops the package", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("", {{"note.txt", "n"}}, HashFormat::kXxh128);
  const std::string chain = *base::ReadFile(pair.Source("ascmhl/ascmhl_chain.xml"));
  SECTION("the manifest") { pair.Write(pair.Source(kFirst), *base::ReadFile(pair.Source(kFirst)) + " "); }
  SECTION("the manifest is gone") { fs::remove(pair.Source(kFirst)); }
  SECTION("the chain is gone") { fs::remove(pair.Source("ascmhl/ascmhl_chain.xml")); }
  SECTION("a document type") { pair.Write(pair.Source("ascmhl/ascmhl_chain.xml"), "<!DOCTYPE a>" + chain); }
  SECTION("a manifest that no chain has") { pair.Write(pair.Source("ascmhl/0002_x.mhl"), "x"); }
  const auto outcome = pair.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "RECORD_INVALID");
  CHECK_FALSE(fs::exists(pair.Destination("")));
}

TEST_CASE("an unchanged package that is sent again is there already, and gets no further generation", "[record]") {
  RecordingPair pair;
  if (GENERATE(false, true)) pair.RecordAtSource("", {{"note.txt", "n"}}, HashFormat::kXxh128);
  REQUIRE(pair.Run().received.ok());
  const size_t generations = pair.Chain().size();
  const auto again = pair.Run();
  INFO(again.received.status());
  REQUIRE(again.received.ok());
  CHECK(again.received->already_present);
  CHECK(pair.Chain().size() == generations);
  CHECK(pair.Names().size() == generations);
}

TEST_CASE("another package, or another record, is not there already", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("", {{"note.txt", "n"}}, HashFormat::kXxh128);
  REQUIRE(pair.Run().received.ok());
  SECTION("another file") { pair.Write(pair.Source("note.txt"), "m"); }
  SECTION("a record that went its own way") {
    pair.RecordAtSource("", {{"exr/1001.exr", "frame one"}}, HashFormat::kMd5);
  }
  SECTION("a file that hides in the record's folder there") { pair.Write(pair.Destination("ascmhl/0009_x.mhl"), "x"); }
  SECTION("a damaged generation there") {
    pair.Write(pair.Destination("ascmhl/" + pair.Names()[1]), pair.Text(1) + " ");
  }
  CHECK(base::ReasonOf(pair.Run().received.status()) == "DESTINATION_EXISTS");
}

TEST_CASE("a package that is passed on carries its whole history", "[record]") {
  RecordingPair pair;
  REQUIRE(pair.Run().received.ok());
  fs::remove_all(pair.Source(""));
  fs::copy(pair.Destination(""), pair.Source(""), fs::copy_options::recursive);
  fs::remove_all(pair.Destination(""));
  pair.record.site = "syd";
  const auto onward = pair.Run();
  INFO(onward.received.status());
  REQUIRE(onward.received.ok());
  REQUIRE(pair.Chain().size() == 2);
  CHECK(pair.Generation(0).creator.hostname == "van");
  CHECK(pair.Generation(1).creator.hostname == "syd");
  for (const mhl::FileRecord& file : pair.Generation(1).files) CHECK(file.hashes[0].action == Action::kVerified);
}

TEST_CASE("an attempt that is taken up again after its record was made makes it anew", "[record]") {
  RecordingPair pair;
  pair.RecordAtSource("", {{"note.txt", "n"}}, HashFormat::kXxh128);
  pair.verdict = absl::UnavailableError("no answer");
  CHECK(base::ReasonOf(pair.Run().received.status()) == "COMMIT_UNKNOWN");
  pair.verdict = CommitVerdict::kPublish;
  --pair.epoch;  // the very same attempt
  const auto again = pair.Run();
  INFO(again.received.status());
  REQUIRE(again.received.ok());
  CHECK(pair.Chain().size() == 2);
  CHECK(pair.Names().size() == 2);
}

TEST_CASE("links count as the file that they lead to", "[record]") {
  RecordingPair pair;
  fs::create_symlink("../note.txt", pair.Source("exr/link"));
  fs::create_symlink("exr", pair.Source("folder"));
  fs::create_hard_link(pair.Source("note.txt"), pair.Source("second.txt"));
  REQUIRE(pair.Run().received.ok());
  std::map<std::string, std::string> raw;
  for (const mhl::FileRecord& file : pair.Generation(0).files) raw[file.path] = file.hashes[0].raw;
  CHECK(raw.size() == 5);
  CHECK(raw["exr/link"] == mhl::HashOf(HashFormat::kXxh128, "n"));
  CHECK(raw["second.txt"] == mhl::HashOf(HashFormat::kXxh128, "n"));
}

TEST_CASE("other formats are made where the volume asks for them", "[record]") {
  RecordingPair pair;
  pair.record.formats = {HashFormat::kXxh128, HashFormat::kC4};
  REQUIRE(pair.Run().received.ok());
  const mhl::Manifest manifest = pair.Generation(0);
  const auto& hashes = manifest.files[0].hashes;
  REQUIRE(hashes.size() == 2);
  CHECK(hashes[0].raw == mhl::HashOf(HashFormat::kC4, "frame one"));
}

TEST_CASE("no record is made where none is asked for", "[record]") {
  RecordingPair pair;
  pair.record.formats.clear();
  if (GENERATE(false, true)) {
    pair.merge = Merge::kVisible;
    pair.Write(pair.Destination("old"), "old");
  }
  REQUIRE(pair.Run().received.ok());
  CHECK(fs::exists(pair.Destination("note.txt")));
  CHECK_FALSE(fs::exists(pair.Destination("ascmhl")));
}

}  // namespace
}  // namespace crossdock::agent
