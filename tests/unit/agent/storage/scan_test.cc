#include "agent/storage/scan.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>

#include "agent/storage/content_hash.h"
#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

struct Source {
  test::TempTree tree;
  SystemFileCalls calls;
  VolumeOptions options;

  std::unique_ptr<Volume> volume() { return Volume::Open("proj", tree.root(), options, calls).value(); }
  absl::StatusOr<ScanResult> Scan(const PackagePath& package, const ScanOptions& scan_options = {}) {
    return agent::Scan(*volume(), package, scan_options, {});
  }
};

std::string ReasonOf(const ScanResult& result) { return result.reason ? std::string(Name(*result.reason)) : ""; }

TEST_CASE("a scan lists files and directories in the order of their bytes", "[agent][scan]") {
  Source source;
  source.tree.Write("p/b.mov", "12345");
  source.tree.Write("p/a/x.1001.exr", "1");
  source.tree.Write("p/a.txt", "22");
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(result).empty());
  std::vector<std::string> paths;
  for (const auto& entry : result.manifest.entries) paths.push_back(entry.path);
  CHECK(paths == std::vector<std::string>{"a", "a.txt", "a/x.1001.exr", "b.mov"});
  CHECK(result.manifest.files() == 3);
  CHECK(result.manifest.bytes() == 8);
  CHECK(result.listing_digest == source.Scan({"p", {}}).value().listing_digest);
  source.tree.Write("p/b.mov", "123456");
  CHECK(result.listing_digest != source.Scan({"p", {}}).value().listing_digest);
}

TEST_CASE("one file, and named files, are packages too", "[agent][scan]") {
  Source source;
  source.tree.Write("p/a/x", "1");
  source.tree.Write("p/y", "22");
  source.tree.Write("p/z", "333");
  const ScanResult one = source.Scan({"p/z", {}}).value();
  CHECK(one.form == wire::PackageForm::kFile);
  CHECK(one.root == "p");
  CHECK(one.manifest.entries.at(0).path == "z");
  const ScanResult named = source.Scan({"p", {"y", "a/x", "y"}}).value();
  CHECK(named.form == wire::PackageForm::kFiles);
  CHECK(named.manifest.files() == 2);
  CHECK(named.manifest.entries.at(0).path == "a");
  CHECK(base::ReasonOf(source.Scan({"p", {"y", "no"}}).status()) == "SOURCE_MISSING");
  CHECK(base::ReasonOf(source.Scan({"p", {"../p/y"}}).status()) == "NAME_RESERVED");
}

TEST_CASE("what is missing, empty or strange is told before anybody approves", "[agent][scan]") {
  Source source;
  CHECK(base::ReasonOf(source.Scan({"gone", {}}).status()) == "SOURCE_MISSING");
  CHECK(base::ReasonOf(source.Scan({"../etc", {}}).status()) == "NAME_RESERVED");
  mkdir(source.tree.at("empty").c_str(), 0755);
  CHECK(ReasonOf(source.Scan({"empty", {}}).value()) == "PACKAGE_EMPTY");

  source.tree.Write("zero/a", "");
  CHECK(ReasonOf(source.Scan({"zero", {}}).value()) == "FILE_EMPTY");
  CHECK(ReasonOf(source.Scan({"zero", {}}, {.allow_empty_files = true}).value()).empty());

  source.tree.Write("pipe/a", "1");
  REQUIRE(mkfifo(source.tree.at("pipe/fifo").c_str(), 0644) == 0);
  CHECK(ReasonOf(source.Scan({"pipe", {}}).value()) == "SPECIAL_FILE");

  source.tree.Write("bad/a\xe2\x80\xae.exr", "1");
  CHECK(ReasonOf(source.Scan({"bad", {}}).value()) == "NAME_INVISIBLE");
}

TEST_CASE("gaps in a sequence are told with their frames, and do not block", "[agent][scan]") {
  Source source;
  for (const char* frame : {"1001", "1002", "1005"}) source.tree.Write(std::string("p/c.") + frame + ".exr", "1");
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(result).empty());
  REQUIRE(result.findings.size() == 1);
  CHECK(result.findings[0].code == wire::Reason::kFramesMissing);
  CHECK(result.findings[0].path == "c.####.exr");
  CHECK(result.findings[0].detail == "1003-1004");
}

TEST_CASE("a link inside the package travels, one that leads out blocks", "[agent][scan]") {
  Source source;
  source.tree.Write("p/v2/a", "1");
  REQUIRE(symlink("v2", source.tree.at("p/current").c_str()) == 0);
  const ScanResult inside = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(inside).empty());
  CHECK(*inside.manifest.entries.at(0).link_target == "v2");
  REQUIRE(symlink("/etc/passwd", source.tree.at("p/out").c_str()) == 0);
  CHECK(ReasonOf(source.Scan({"p", {}}).value()) == "SYMLINK_OUTSIDE");
}

TEST_CASE("a package behind a link is not opened", "[agent][scan]") {
  Source source;
  source.tree.Write("real/a", "1");
  REQUIRE(symlink("real", source.tree.at("linked").c_str()) == 0);
  CHECK_FALSE(source.Scan({"linked", {}}).ok());
  CHECK_FALSE(source.Scan({"", {"linked/a"}}).ok());
}

TEST_CASE("a file with several names in the package is listed once, and linked", "[agent][scan]") {
  Source source;
  source.tree.Write("p/b/x", "1");
  source.tree.Write("p/c", "2");
  REQUIRE(link(source.tree.at("p/b/x").c_str(), source.tree.at("p/z").c_str()) == 0);
  REQUIRE(link(source.tree.at("p/b/x").c_str(), source.tree.at("p/a").c_str()) == 0);
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(result).empty());
  CHECK(result.manifest.files() == 2);
  CHECK(result.manifest.bytes() == 2);
  CHECK(wire::FindEntry(result.manifest, "a")->type == wire::EntryType::kFile);
  for (const char* name : {"b/x", "z"}) {
    const wire::Entry* const entry = wire::FindEntry(result.manifest, name);
    REQUIRE(entry->type == wire::EntryType::kHardLink);
    CHECK(*entry->link_target == "a");
    CHECK(wire::CheckEntry(*entry).ok());
  }
}

TEST_CASE("a file whose other names are outside the package is an ordinary file", "[agent][scan]") {
  Source source;
  source.tree.Write("p/a", "1");
  REQUIRE(link(source.tree.at("p/a").c_str(), source.tree.at("other").c_str()) == 0);
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(result).empty());
  CHECK(result.manifest.entries.at(0).type == wire::EntryType::kFile);
  // Named files are a package of their own: the name that is not asked for is outside.
  source.tree.Write("q/a", "1");
  REQUIRE(link(source.tree.at("q/a").c_str(), source.tree.at("q/b").c_str()) == 0);
  CHECK(source.Scan({"q", {"b"}})->manifest.entries.at(0).type == wire::EntryType::kFile);
}

TEST_CASE("permissions and times are listed, set-id bits are not", "[agent][scan]") {
  Source source;
  source.tree.Write("p/d/run.sh", "1");
  REQUIRE(chmod(source.tree.at("p/d/run.sh").c_str(), 06751) == 0);
  REQUIRE(chmod(source.tree.at("p/d").c_str(), 01750) == 0);
  const timespec times[2] = {{1, 0}, {1'500'000'000, 7}};
  REQUIRE(utimensat(AT_FDCWD, source.tree.at("p/d").c_str(), times, 0) == 0);
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(result.manifest.entries.at(0).mode == 0750);
  CHECK(result.manifest.entries.at(0).mtime_ns == 1'500'000'000'000'000'007);
  CHECK(result.manifest.entries.at(1).mode == 0751);
}

TEST_CASE("what is no content is refused by name, and said to be what it is", "[agent][scan]") {
  Source source;
  source.tree.Write("p/a", "1");
  REQUIRE(mkfifo(source.tree.at("p/feed").c_str(), 0644) == 0);
  const ScanResult pipe = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(pipe) == "SPECIAL_FILE");
  CHECK(pipe.detail == "'feed': is a named pipe, which has no content to send");
  REQUIRE(unlink(source.tree.at("p/feed").c_str()) == 0);
  REQUIRE(mknod(source.tree.at("p/sock").c_str(), S_IFSOCK | 0644, 0) == 0);
  CHECK(source.Scan({"p", {}})->detail == "'sock': is a socket, which has no content to send");
}

TEST_CASE("64 levels of directories are listed, one more is refused by name", "[agent][scan]") {
  Source source;
  std::string path = "p";
  for (size_t level = 1; level < wire::kPathDepthMax; ++level) path += "/d";
  source.tree.Write(path + "/f", "1");
  source.tree.Write("p/" + std::string(wire::kNameSizeMax, 'n'), "1");
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(result).empty());
  CHECK(result.manifest.files() == 2);
  source.tree.Write(path + "/d/f", "1");
  CHECK(ReasonOf(source.Scan({"p", {}}).value()) == "NAME_TOO_LONG");
}

// Where the tests' filesystem has attributes.
bool SetUserAttribute(const std::string& path, const std::string& name, const std::string& value) {
  return setxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) == 0;
}

TEST_CASE("users' attributes of files and directories are listed, unless the volume drops them", "[agent][scan]") {
  Source source;
  source.tree.Write("p/d/a", "1");
  if (!SetUserAttribute(source.tree.at("p/d/a"), "user.b", "2")) {
    WARN("no extended attributes here");
    return;
  }
  REQUIRE(SetUserAttribute(source.tree.at("p/d/a"), "user.a", std::string("\0x", 2)));
  REQUIRE(SetUserAttribute(source.tree.at("p/d/a"), "user.overlay.redirect", "/etc"));
  REQUIRE(SetUserAttribute(source.tree.at("p/d"), "user.dir", "3"));
  const ScanResult kept = source.Scan({"p", {}}).value();
  CHECK(*kept.manifest.entries.at(0).attributes == wire::Attributes{{"user.dir", "3"}});
  CHECK(*kept.manifest.entries.at(1).attributes ==
        wire::Attributes{{"user.a", std::string("\0x", 2)}, {"user.b", "2"}});
  const ScanResult named = source.Scan({"p", {"d/a"}}).value();
  CHECK(named.manifest.entries.at(0).attributes);
  source.options.keep_attributes = false;
  CHECK_FALSE(source.Scan({"p", {}})->manifest.entries.at(1).attributes);
}

TEST_CASE("more attributes than may cross block the package, with what to do about it", "[agent][scan]") {
  Source source;
  source.tree.Write("p/a", "1");
  const std::string path = source.tree.at("p/a");
  if (!SetUserAttribute(path, "user.a", "1")) {
    WARN("no extended attributes here");
    return;
  }
  for (size_t i = 1; i < wire::kAttributesMax; ++i) REQUIRE(SetUserAttribute(path, "user." + std::to_string(i), "1"));
  CHECK(ReasonOf(source.Scan({"p", {}}).value()).empty());
  REQUIRE(SetUserAttribute(path, "user.more", "1"));
  const ScanResult result = source.Scan({"p", {}}).value();
  CHECK(ReasonOf(result) == "ATTRIBUTES_TOO_LARGE");
  CHECK(result.detail.find("xattrs: drop") != std::string::npos);
}

TEST_CASE("a package waits for its marker, which stays behind", "[agent][scan][readiness]") {
  Source source;
  source.tree.Write("p/a.exr", "1");
  const std::string listed = source.Scan({"p", {}}).value().listing_digest;
  const PackagePath package = {"p", {}, "state/.done"};
  CHECK(base::ReasonOf(source.Scan(package).status()) == "SOURCE_NOT_READY");
  CHECK(base::ReasonOf(source.Scan({"later", {}, ".done"}).status()) == "SOURCE_NOT_READY");
  source.tree.Write("p/state/.done", "");
  const ScanResult result = source.Scan(package).value();
  CHECK(ReasonOf(result).empty());
  CHECK(result.manifest.files() == 1);
  CHECK(wire::FindEntry(result.manifest, "state/.done") == nullptr);
  CHECK(base::ReasonOf(source.Scan({"p", {}, "../p/a.exr"}).status()) == "NAME_RESERVED");
}

TEST_CASE("a file's marker stands beside it", "[agent][scan][readiness]") {
  Source source;
  source.tree.Write("p/a.mov", "1");
  const PackagePath package = {"p/a.mov", {}, "a.mov.done"};
  CHECK(base::ReasonOf(source.Scan(package).status()) == "SOURCE_NOT_READY");
  source.tree.Write("p/a.mov.done", "");
  CHECK(source.Scan(package).value().manifest.files() == 1);
}

TEST_CASE("a package is quiet when nothing of it has changed for so long", "[agent][scan][readiness]") {
  Source source;
  source.tree.Write("p/d/a.exr", "1");
  source.tree.Write("p/b.exr", "1");
  const ScanResult result = source.Scan({"p", {}}).value();
  const base::Instant changed{
      std::chrono::duration_cast<base::Instant::duration>(std::chrono::nanoseconds(result.changed_ns))};
  const auto at = [&](int seconds) {
    return base::ReasonOf(RequireQuiet(result, std::chrono::seconds(30), changed + std::chrono::seconds(seconds)));
  };
  CHECK(at(29) == "SOURCE_NOT_READY");
  CHECK(at(31).empty());
  CHECK(at(-5) == "SOURCE_NOT_READY");
  CHECK(RequireQuiet(result, std::chrono::seconds(0), changed).ok());
  // An older time given by hand hides nothing: the change of it is younger.
  const timespec old[2] = {{1000, 0}, {1000, 0}};
  REQUIRE(utimensat(AT_FDCWD, source.tree.at("p/b.exr").c_str(), old, 0) == 0);
  const ScanResult again = source.Scan({"p/b.exr", {}}).value();
  CHECK(again.changed_ns >= result.changed_ns);
  CHECK(again.changed_path == "b.exr");
}

TEST_CASE("the agent's own staging is never part of a package", "[agent][scan]") {
  Source source;
  source.tree.Write("a", "1");
  source.tree.Write(".crossdock/t-1/x/data/a", "1");
  CHECK(source.Scan({"", {}}).value().manifest.files() == 1);
}

TEST_CASE("a scan that is stopped says so", "[agent][scan]") {
  Source source;
  source.tree.Write("p/a", "1");
  std::stop_source stop;
  stop.request_stop();
  const auto volume = source.volume();
  CHECK(base::ReasonOf(Scan(*volume, {"p", {}}, {}, stop.get_token()).status()) == "CANCELLED");
}

TEST_CASE("hashing gives each file's SHA-256, and notices a file that is another by now", "[agent][hash]") {
  Source source;
  source.tree.Write("p/a", "abc");
  ScanResult result = source.Scan({"p", {}}).value();
  std::atomic<uint64_t> done = 0;
  const auto volume = source.volume();
  REQUIRE(HashContent(*volume, result.root, &result.manifest, &done, {}).ok());
  CHECK(done == 3);
  const auto& digest = result.manifest.entries[0].sha256.value();
  CHECK(base::ToHex({reinterpret_cast<const char*>(digest.data()), digest.size()}) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  source.tree.Write("p/a", "abcd");
  CHECK(base::ReasonOf(HashContent(*volume, result.root, &result.manifest, &done, {}).status()) == "SOURCE_CHANGED");
}

TEST_CASE("the kernel itself keeps us beneath the volume", "[agent][volume]") {
  Source source;
  source.tree.Write("a/b", "1");
  REQUIRE(symlink("/etc", source.tree.at("etc").c_str()) == 0);
  const auto volume = source.volume();
  CHECK(OpenBeneath(volume->root(), "a/b", O_RDONLY));
  CHECK_FALSE(OpenBeneath(volume->root(), "../", O_RDONLY));
  CHECK(errno == EXDEV);
  CHECK_FALSE(OpenBeneath(volume->root(), "/etc/passwd", O_RDONLY));
  CHECK_FALSE(OpenBeneath(volume->root(), "etc/passwd", O_RDONLY));
  CHECK(errno == ELOOP);
}

TEST_CASE("space that is spoken for is not promised twice", "[agent][volume]") {
  Source source;
  const auto volume = source.volume();
  const uint64_t free = volume->space().value().bytes_free;
  auto first = volume->Reserve(free / 2, 1);
  REQUIRE(first.ok());
  const auto second = volume->Reserve(free * 6 / 10, 1);
  CHECK(base::ReasonOf(second.status()) == "DESTINATION_FULL");
  first->Release();
  CHECK(volume->Reserve(free * 6 / 10, 1).ok());
}

}  // namespace
}  // namespace crossdock::agent
