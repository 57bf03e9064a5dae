// What a site's own program is given, and how its answers are taken.
#include "agent/release/scan_hook.h"

#include <signal.h>
#include <sys/stat.h>

#include <chrono>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

using namespace std::chrono_literals;

class Site {
 public:
  Site() { ::signal(SIGPIPE, SIG_IGN); }

  absl::Status Run(const std::string& script, const std::vector<std::string>& files = {"/mnt/a.exr"},
                   std::chrono::milliseconds within = 20s, std::stop_token stop = {}) {
    tree.Write("scan", "#!/bin/sh\n" + script);
    REQUIRE(::chmod(tree.at("scan").c_str(), 0700) == 0);
    return ScanHook(tree.at("scan"), within, clock).Run(files, stop);
  }

  test::TempTree tree;
  base::SystemClock clock;
};

std::string ReasonOf(const absl::Status& status) { return base::ReasonOf(status); }
std::string TextOf(const absl::Status& status) { return std::string(base::ToStd(status.message())); }

TEST_CASE("a scan is given every file's path, each ended by a NUL, whatever bytes it has") {
  Site site;
  const std::vector<std::string> files = {"/mnt/a.exr", "/mnt/line\nbreak;$(reboot)", "/mnt/\xff"};
  REQUIRE(site.Run("cat > \"$(dirname \"$0\")/list\"", files).ok());
  std::string expected;
  for (const std::string& file : files) expected += file + '\0';
  CHECK(site.tree.Read("list") == expected);
}

TEST_CASE("a list that is longer than any pipe arrives whole, and a program that does not want it is no trouble") {
  Site site;
  const std::vector<std::string> files(50'000, "/mnt/proj/northlight/nl_010_0010/frame.exr");
  REQUIRE(site.Run("tr -cd '\\000' | wc -c > \"$(dirname \"$0\")/count\"", files).ok());
  CHECK(site.tree.Read("count").find("50000") != std::string::npos);
  CHECK(site.Run("exit 0", files).ok());
}

TEST_CASE("1 is a finding, and what the program wrote says what") {
  Site site;
  const absl::Status found = site.Run("echo 'a.exr: Eicar'; printf 'b\\033[1m.exr' >&2; exit 1");
  CHECK(ReasonOf(found) == "RELEASE_SCAN_FOUND");
  CHECK(TextOf(found) == "the site's release scan found: a.exr: Eicar b%1B[1m.exr");
  CHECK(TextOf(site.Run("exit 1")).find("it says no more") != std::string::npos);
}

TEST_CASE("what a program writes is taken as far as people read, and the rest does not stop it") {
  Site site;
  const absl::Status found = site.Run("head -c 1000000 /dev/zero | tr '\\000' x; exit 1");
  CHECK(ReasonOf(found) == "RELEASE_SCAN_FOUND");
  CHECK(TextOf(found).size() < 2 * ScanHook::kSaidMax);
}

TEST_CASE("whatever else comes of it, the scan could not say") {
  Site site;
  const absl::Status other = site.Run("echo 'no database'; exit 2");
  CHECK(ReasonOf(other) == "RELEASE_SCAN_FAILED");
  CHECK(TextOf(other) == "the site's release scan ended with exit code 2: no database");
  CHECK(TextOf(site.Run("kill -9 $$")) == "the site's release scan was ended by signal 9");
  const absl::Status absent = ScanHook("/absent/scan", 1s, site.clock).Run({}, {});
  CHECK(ReasonOf(absent) == "RELEASE_SCAN_FAILED");
  CHECK(TextOf(absent).find("/absent/scan") != std::string::npos);
}

TEST_CASE("a scan that takes too long is ended, with everything that it started") {
  Site site;
  const absl::Status late = site.Run("sleep 60 & sleep 60", {}, 300ms);
  CHECK(ReasonOf(late) == "RELEASE_SCAN_FAILED");
  CHECK(TextOf(late).find("took longer than") != std::string::npos);
}

TEST_CASE("a scan ends with its task") {
  Site site;
  std::stop_source stop;
  stop.request_stop();
  CHECK(absl::IsCancelled(site.Run("sleep 60", {}, 60s, stop.get_token())));
}

TEST_CASE("what a clean scan leaves running does not keep it, and goes with it") {
  Site site;
  CHECK(site.Run("sleep 60 &\nexit 0").ok());
}

TEST_CASE("a scan sees none of the agent's environment and none of its files") {
  Site site;
  ::setenv("CROSSDOCK_TEST_SECRET", "x", 1);
  REQUIRE(site.Run("env > \"$(dirname \"$0\")/env\"; ls /proc/self/fd > \"$(dirname \"$0\")/fds\"").ok());
  ::unsetenv("CROSSDOCK_TEST_SECRET");
  CHECK(site.tree.Read("env").find("CROSSDOCK_TEST_SECRET") == std::string::npos);
  CHECK(site.tree.Read("fds") == "0\n1\n2\n3\n");  // 3 is ls's own
}

}  // namespace
}  // namespace crossdock::agent
