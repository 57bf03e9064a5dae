// A source that does not keep still: whatever becomes of a file between its listing and its last byte, the attempt says
// so, and nothing is published.
#include <fcntl.h>
#include <unistd.h>

#include "catch2/catch.hpp"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {
namespace {

constexpr size_t kSize = 3 * wire::kBlockUnit + 7;

struct Restless : AttemptPair {
  Restless() {
    Write(Source("a.mov"), content);
    Write(Source("z.mov"), content);
    listed = Scanned();
  }
  std::string path() const { return Source("a.mov"); }
  void CheckRefused(const Outcome& outcome, const std::string& what) const {
    INFO(outcome.sent.status() << " / " << outcome.received.status());
    CHECK(base::ReasonOf(outcome.sent.status()) == "SOURCE_CHANGED");
    CHECK_THAT(outcome.sent.status().ToString(), Catch::Contains("'a.mov'") && Catch::Contains(what));
    CHECK(base::ReasonOf(outcome.received.status()) == "SOURCE_CHANGED");
    CHECK_FALSE(tree.Exists("b/in"));
  }
  const std::string content = Noise(kSize);
  ScanResult listed;
};

struct Change {
  std::string what;
  std::function<void(const std::string& path)> make;
};

std::vector<Change> Changes() {
  return {{"grew", [](const std::string& path) { std::ofstream(path, std::ios::app) << "more"; }},
          {"became shorter", [](const std::string& path) { REQUIRE(truncate(path.c_str(), kSize - 1) == 0); }},
          {"replaced",
           [](const std::string& path) {
             std::ofstream(path + "~") << Noise(kSize);
             std::filesystem::rename(path + "~", path);
           }},
          {"", [](const std::string& path) { std::filesystem::remove(path); }},
          {"", [](const std::string& path) {
             const base::UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
             REQUIRE(pwrite(fd.get(), "x", 1, 100) == 1);
           }}};
}

TEST_CASE("a file that changed between its listing and its turn is not sent", "[agent][changes]") {
  const std::vector<Change> changes = Changes();
  const size_t which = GENERATE(range(size_t{0}, size_t{5}));
  Restless studio;
  // Once the sender has looked at the package for itself.
  std::atomic<bool> made = false;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string&) {
    if (leg == 0 && !made.exchange(true)) changes[which].make(studio.path());
    return true;
  };
  studio.CheckRefused(studio.Run(studio.listed), changes[which].what);
  CHECK(made);
}

TEST_CASE("a file that changes while its bytes leave is withdrawn", "[agent][changes]") {
  const std::vector<Change> changes = Changes();
  const size_t which = GENERATE(range(size_t{0}, size_t{5}));
  Restless studio;
  studio.streams = 1;
  std::atomic<bool> made = false;
  studio.exchange.meddler = [&](uint16_t leg, uint16_t, const std::string& bytes) {
    if (leg != 0 && bytes.size() > 100'000 && !made.exchange(true)) changes[which].make(studio.path());
    return true;
  };
  studio.CheckRefused(studio.Run(studio.listed), changes[which].what);
  CHECK(made);
}

TEST_CASE("a marker that is taken away before the send stops it until it is back", "[agent][changes]") {
  AttemptPair studio;
  studio.Write(studio.Source("a.mov"), "1");
  studio.Write(studio.Source(".done"), "");
  studio.source.marker = ".done";
  const ScanResult listed = studio.Scanned();
  std::filesystem::remove(studio.Source(".done"));
  CHECK(base::ReasonOf(studio.Run(listed).sent.status()) == "SOURCE_NOT_READY");
  studio.Write(studio.Source(".done"), "");
  REQUIRE(studio.Run(listed).received.ok());
  CHECK_FALSE(std::filesystem::exists(studio.Destination(".done")));
}

}  // namespace
}  // namespace crossdock::agent
