// What arrives of a package besides the bytes of its files.
#include "agent/transfer/staged_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "catch2/catch.hpp"
#include "tests/support/landing_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

struct stat Look(const std::string& path) {
  struct stat info {};
  REQUIRE(lstat(path.c_str(), &info) == 0);
  return info;
}

void SetTime(const std::string& path, int64_t seconds, int64_t nanoseconds) {
  const timespec times[2] = {{0, UTIME_OMIT}, {seconds, nanoseconds}};
  REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) == 0);
}

std::string AttributeOf(const std::string& path, const std::string& name) {
  char value[256];
  const ssize_t size = getxattr(path.c_str(), name.c_str(), value, sizeof value);
  return size < 0 ? "(none)" : std::string(value, static_cast<size_t>(size));
}

void Arrives(const AttemptPair::Outcome& outcome) {
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.sent.ok());
  REQUIRE(outcome.received.ok());
}

TEST_CASE("permissions and times of files and directories arrive, set-id bits do not") {
  LandingPair studio;
  studio.Write(studio.Source("d/in/run.sh"), "1");
  studio.Write(studio.Source("d/in/sealed.exr"), "2");
  chmod(studio.Source("d/in/run.sh").c_str(), 06755);
  chmod(studio.Source("d/in/sealed.exr").c_str(), 0440);
  chmod(studio.Source("d/in").c_str(), 0750);
  SetTime(studio.Source("d/in/run.sh"), 1'400'000'000, 123'456'789);
  SetTime(studio.Source("d/in/sealed.exr"), -5, 1);  // before 1970
  SetTime(studio.Source("d/in"), 1'300'000'000, 5);
  SetTime(studio.Source("d"), 1'200'000'000, 6);
  Arrives(studio.Run());
  CHECK((Look(studio.Destination("d/in/run.sh")).st_mode & 07777) == 0755);
  CHECK((Look(studio.Destination("d/in/sealed.exr")).st_mode & 07777) == 0440);
  CHECK((Look(studio.Destination("d/in")).st_mode & 07777) == 0750);
  CHECK(Look(studio.Destination("d/in/run.sh")).st_mtim.tv_nsec == 123'456'789);
  CHECK(Look(studio.Destination("d/in/sealed.exr")).st_mtim.tv_sec == -5);
  CHECK(Look(studio.Destination("d/in")).st_mtim.tv_sec == 1'300'000'000);
  CHECK(Look(studio.Destination("d")).st_mtim.tv_sec == 1'200'000'000);
}

TEST_CASE("a directory that its owner may not write arrives so that its owner may") {
  LandingPair studio;
  studio.Write(studio.Source("d/a.exr"), "1");
  chmod(studio.Source("d").c_str(), 0555);
  Arrives(studio.Run());
  CHECK((Look(studio.Destination("d")).st_mode & 07777) == 0755);
  chmod(studio.Source("d").c_str(), 0755);
}

TEST_CASE("names of one file cross once, and are names of one file again") {
  LandingPair studio;
  const std::string content = Noise(200'000);
  studio.Write(studio.Source("v2/a.exr"), content);
  studio.Write(studio.Source("v3/z.exr"), "other");
  fs::create_hard_link(studio.Source("v2/a.exr"), studio.Source("v3/a.exr"));
  SetTime(studio.Source("v3"), 1'300'000'000, 5);
  const auto outcome = studio.Run();
  Arrives(outcome);
  CHECK(outcome.sent->bytes_sent == content.size() + 5);
  CHECK(*base::ReadFile(studio.Destination("v3/a.exr")) == content);
  CHECK(Look(studio.Destination("v2/a.exr")).st_ino == Look(studio.Destination("v3/a.exr")).st_ino);
  CHECK(Look(studio.Destination("v3")).st_mtim.tv_sec == 1'300'000'000);
}

TEST_CASE("where the destination cannot link, the other names are copies, with times and permissions") {
  LandingPair studio;
  const std::string content = Noise(3'000'000);
  studio.Write(studio.Source("a.exr"), content);
  fs::create_hard_link(studio.Source("a.exr"), studio.Source("b.exr"));
  chmod(studio.Source("a.exr").c_str(), 0640);
  SetTime(studio.Source("a.exr"), 1'300'000'000, 5);
  studio.to_calls.links = false;
  Arrives(studio.Run());
  CHECK(*base::ReadFile(studio.Destination("b.exr")) == content);
  CHECK(Look(studio.Destination("a.exr")).st_ino != Look(studio.Destination("b.exr")).st_ino);
  CHECK((Look(studio.Destination("b.exr")).st_mode & 07777) == 0640);
  CHECK(Look(studio.Destination("b.exr")).st_mtim.tv_sec == 1'300'000'000);
}

TEST_CASE("a package with several names of a file is found to be there already") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), Noise(10'000));
  fs::create_hard_link(studio.Source("a.exr"), studio.Source("b.exr"));
  Arrives(studio.Run());
  const auto again = studio.Run();
  Arrives(again);
  CHECK(again.received->already_present);
}

TEST_CASE("names of one file are made again by the attempt that follows a fenced one") {
  LandingPair studio;
  studio.Write(studio.Source("a.exr"), Noise(10'000));
  fs::create_hard_link(studio.Source("a.exr"), studio.Source("b.exr"));
  studio.verdict = CommitVerdict::kFenced;
  CHECK_FALSE(studio.Run().received.ok());
  studio.verdict = CommitVerdict::kPublish;
  chmod(studio.Source("a.exr").c_str(), 0600);
  const auto outcome = studio.Run();
  Arrives(outcome);
  CHECK(outcome.sent->bytes_sent == 0);
  CHECK(Look(studio.Destination("a.exr")).st_ino == Look(studio.Destination("b.exr")).st_ino);
  CHECK((Look(studio.Destination("a.exr")).st_mode & 07777) == 0600);
}

TEST_CASE("a symbolic link inside the package arrives as it is, and what it names is not followed") {
  LandingPair studio;
  studio.Write(studio.Source("v2/a.exr"), "1");
  fs::create_symlink("v2", studio.Source("current"));
  fs::create_symlink("../v2/a.exr", studio.Source("v2/up"));
  fs::create_symlink("not/there", studio.Source("dangling"));
  Arrives(studio.Run());
  CHECK(fs::read_symlink(studio.Destination("current")) == "v2");
  CHECK(fs::read_symlink(studio.Destination("v2/up")) == "../v2/a.exr");
  CHECK(fs::read_symlink(studio.Destination("dangling")) == "not/there");
}

TEST_CASE("users' attributes arrive, on files that may not be written too") {
  AttemptPair studio;
  studio.Write(studio.Source("d/a.exr"), Noise(1000));
  if (setxattr(studio.Source("d/a.exr").c_str(), "user.shot", "sh010", 5, 0) != 0) {
    WARN("no extended attributes here");
    return;
  }
  REQUIRE(setxattr(studio.Source("d").c_str(), "user.dir", "x", 1, 0) == 0);
  chmod(studio.Source("d/a.exr").c_str(), 0444);
  SetTime(studio.Source("d/a.exr"), 1'300'000'000, 5);
  Arrives(studio.Run());
  CHECK(AttributeOf(studio.Destination("d/a.exr"), "user.shot") == "sh010");
  CHECK(AttributeOf(studio.Destination("d"), "user.dir") == "x");
  CHECK((Look(studio.Destination("d/a.exr")).st_mode & 07777) == 0444);
  CHECK(Look(studio.Destination("d/a.exr")).st_mtim.tv_sec == 1'300'000'000);
}

TEST_CASE("storage that takes no attributes, or drops them, gets the package without them") {
  AttemptPair studio;
  studio.Write(studio.Source("a.exr"), Noise(1000));
  if (setxattr(studio.Source("a.exr").c_str(), "user.shot", "sh010", 5, 0) != 0) {
    WARN("no extended attributes here");
    return;
  }
  if (GENERATE(false, true)) {
    studio.to_calls.nfs = true;
  } else {
    studio.to = *Volume::Open("proj", studio.tree.at("b"), {.keep_attributes = false}, studio.to_calls);
  }
  Arrives(studio.Run());
  CHECK(*base::ReadFile(studio.Destination("a.exr")) == *base::ReadFile(studio.Source("a.exr")));
  CHECK(AttributeOf(studio.Destination("a.exr"), "user.shot") == "(none)");
}

TEST_CASE("64 levels of directories arrive, with names as long as they may be") {
  LandingPair studio;
  std::string path;
  for (int level = 1; level < 63; ++level) path += "d/";
  path += std::string(255, 'n') + "/";
  studio.Write(studio.Source(path + "f.exr"), "deep");
  Arrives(studio.Run());
  CHECK(*base::ReadFile(studio.Destination(path + "f.exr")) == "deep");
}

}  // namespace
}  // namespace crossdock::agent
