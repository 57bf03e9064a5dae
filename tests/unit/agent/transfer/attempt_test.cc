// An attempt from end to end: what arrives, what does not, and what the two ends say of it.
#include "tests/support/landing_pair.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/storage/content_hash.h"
#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

TEST_CASE("a package arrives whole, byte for byte, and the sender's receipt comes before it is published") {
  LandingPair studio;
  std::map<std::string, std::string> files;
  for (int frame = 1001; frame < 1041; ++frame) files["f." + std::to_string(frame) + ".exr"] = Noise(70'000);
  files["sub/notes.txt"] = "for paint";
  files["big.mov"] = Noise(5'000'000);
  files[std::string(255, 'n')] = "a long name";
  for (const auto& [name, content] : files) studio.Write(studio.Source(name), content);
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.sent.ok());
  REQUIRE(outcome.received.ok());
  CHECK(studio.files_receipted == files.size());
  for (const auto& [name, content] : files) CHECK(*base::ReadFile(studio.Destination(name)) == content);
}

TEST_CASE("what a fenced attempt has landed is not published, and is not sent again") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), Noise(300'000));
  studio.Write(studio.Source("b.exr"), Noise(300'000));
  const ScanResult listing = studio.Scanned();
  studio.verdict = CommitVerdict::kFenced;
  const auto fenced = studio.Run(listing);
  CHECK_FALSE(fenced.sent.ok());
  CHECK(base::ReasonOf(fenced.received.status()) == "COMMIT_FENCED");
  CHECK_FALSE(fs::exists(studio.Destination("")));
  studio.verdict = CommitVerdict::kPublish;
  const auto again = studio.Run(listing);
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed == 2);
  CHECK(again.sent->bytes_sent == 0);
  CHECK(*base::ReadFile(studio.Destination("b.exr")) == *base::ReadFile(studio.Source("b.exr")));
}

TEST_CASE("a destination with other content is never overwritten") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "new");
  studio.Write(studio.Destination("a.exr"), "old");
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "DESTINATION_EXISTS");
  CHECK(*base::ReadFile(studio.Destination("a.exr")) == "old");
}

TEST_CASE("other content that its names or sizes give away is refused before anything is sent") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), Noise(1000));
  studio.Write(studio.Source("sub/b.exr"), "beta");
  const auto there = GENERATE(std::pair<const char*, const char*>("a.exr", "much longer"),
                              std::pair<const char*, const char*>("c.exr", "another"),
                              std::pair<const char*, const char*>("a.exr/deeper.exr", "a directory"));
  studio.Write(studio.Destination(there.first), there.second);
  std::atomic<int> sent = 0;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg != 0 && bytes.size() > 200) ++sent;
    return true;
  };
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "DESTINATION_EXISTS");
  CHECK(base::ReasonOf(outcome.sent.status()) == "DESTINATION_EXISTS");
  CHECK(sent == 0);
  CHECK(*base::ReadFile(studio.Destination(there.first)) == there.second);
}

TEST_CASE("a destination with the same content counts as delivered") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "same");
  studio.Write(studio.Destination("a.exr"), "same");
  const auto outcome = studio.Run();
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(outcome.received->already_present);
}

TEST_CASE("a name that other systems could not hold does not cross, and its reason says why") {
  const auto [name, reason] = GENERATE(std::pair<const char*, const char*>("new\nline", "NAME_CONTROL"),
                                       std::pair<const char*, const char*>("\xff\xfe", "NAME_INVALID_UTF8"));
  LandingPair studio;
  studio.Write(studio.Source(name), "x");
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.sent.status()) == reason);
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

TEST_CASE("a source that changed since it was listed is not sent") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "approved");
  const ScanResult listing = studio.Scanned();
  studio.Write(studio.Source("a.exr"), "something else");
  const auto outcome = studio.Run(listing);
  CHECK(base::ReasonOf(outcome.sent.status()) == "SOURCE_CHANGED");
  CHECK_FALSE(outcome.received.ok());
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

TEST_CASE("an answer to the commit that never came leaves a journal that finishes later") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "content");
  studio.verdict = absl::UnavailableError("the line broke");
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.received.status()) == "COMMIT_UNKNOWN");
  CHECK_FALSE(fs::exists(studio.Destination("a.exr")));
  const auto pending = RecoverPublishes(*studio.to, "van-1");
  REQUIRE(pending.ok());
  REQUIRE(pending->size() == 1);
  const auto journal = FinishPublish(
      *studio.to, pending->front(), [] { return CommitVerdict::kPublish; }, {}, studio.clock);
  INFO(journal.status());
  REQUIRE(journal.ok());
  CHECK(journal->files == 1);
  CHECK(*base::ReadFile(studio.Destination("a.exr")) == "content");
}

TEST_CASE("the sender's part is done when the line breaks after its receipt was taken") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), Noise(100'000));
  studio.on_commit = [&] { studio.exchange.Cut(); };
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  CHECK(outcome.sent.ok());
  REQUIRE(outcome.received.ok());
  CHECK(*base::ReadFile(studio.Destination("a.exr")) == *base::ReadFile(studio.Source("a.exr")));
}

TEST_CASE("a line that breaks while the receipt is handed in does not take it back") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "content");
  studio.on_landed = [&](const std::stop_token& stop) {
    studio.exchange.Cut();
    std::this_thread::yield();
    return stop.stop_requested() ? absl::CancelledError("given up") : absl::OkStatus();
  };
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  CHECK(outcome.sent.ok());
  CHECK(outcome.received.ok());
}

TEST_CASE("a sender whose receipt is refused has failed") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "content");
  studio.on_landed = [](const std::stop_token&) { return wire::Refuse(wire::Reason::kEpochStale, "too late"); };
  studio.verdict = CommitVerdict::kFenced;
  const auto outcome = studio.Run();
  CHECK(base::ReasonOf(outcome.sent.status()) == "EPOCH_STALE");
  CHECK(base::ReasonOf(outcome.received.status()) == "COMMIT_FENCED");
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

TEST_CASE("permissions, times and links arrive as they were, times before 1970 too") {
  LandingPair studio;
  studio.Write(studio.Source("run.sh"), "#!/bin/sh\n");
  studio.Write(studio.Source("sub/old.exr"), "old");
  fs::permissions(studio.Source("run.sh"), fs::perms(0750));
  fs::create_symlink("sub/old.exr", studio.Source("latest.exr"));
  const timespec times[2] = {{-5, 250'000'000}, {-5, 250'000'000}};
  REQUIRE(utimensat(AT_FDCWD, studio.Source("sub/old.exr").c_str(), times, 0) == 0);
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  struct stat info {};
  REQUIRE(stat(studio.Destination("run.sh").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0750);
  CHECK(fs::read_symlink(studio.Destination("latest.exr")) == "sub/old.exr");
  REQUIRE(stat(studio.Destination("sub/old.exr").c_str(), &info) == 0);
  CHECK(info.st_mtim.tv_sec == -5);
  CHECK(info.st_mtim.tv_nsec == 250'000'000);
}

TEST_CASE("an empty file is refused, unless it was allowed") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "");
  studio.Write(studio.Source("b.exr"), "b");
  SECTION("nobody allowed it") { CHECK(base::ReasonOf(studio.Run().sent.status()) == "FILE_EMPTY"); }
  SECTION("the sender alone allowed it") {
    studio.scan_options.allow_empty_files = true;
    CHECK(base::ReasonOf(studio.Run().received.status()) == "FILE_EMPTY");
  }
  SECTION("both allowed it") {
    studio.scan_options.allow_empty_files = studio.allow_empty_at_destination = true;
    const auto outcome = studio.Run();
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.received.ok());
    CHECK(fs::file_size(studio.Destination("a.exr")) == 0);
  }
  CHECK(studio.StagingIsEmpty() == fs::exists(studio.Destination("a.exr")));
}

TEST_CASE("named files land beside what is there already, and nothing else moves") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "a");
  studio.Write(studio.Source("sub/b.exr"), "b");
  studio.Write(studio.Source("c.exr"), "c");
  studio.Write(studio.Destination("other.exr"), "other");
  studio.source.files = {"a.exr", "sub/b.exr"};
  studio.merge = Merge::kVisible;  // which NFS needs
  const auto outcome = studio.Run();
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(*base::ReadFile(studio.Destination("sub/b.exr")) == "b");
  CHECK(*base::ReadFile(studio.Destination("other.exr")) == "other");
  CHECK_FALSE(fs::exists(studio.Destination("c.exr")));
}

TEST_CASE("content that was approved is what arrives, and other content of the same listing is not") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), "approved");
  ScanResult scanned = studio.Scanned();
  std::atomic<uint64_t> done = 0;
  studio.content_root = *HashContent(*studio.from, scanned.root, &scanned.manifest, &done, {});
  SECTION("the same") {
    const auto outcome = studio.Run();
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    REQUIRE(outcome.received.ok());
    CHECK(outcome.received->content_root == studio.content_root);
  }
  SECTION("another") {
    studio.content_root[0] = static_cast<char>(studio.content_root[0] ^ 1);
    CHECK(base::ReasonOf(studio.Run().sent.status()) == "SOURCE_CHANGED");
    CHECK_FALSE(fs::exists(studio.Destination("")));
  }
}

}  // namespace
}  // namespace crossdock::agent
