#include "lib/host/finding.h"

#include "catch2/catch.hpp"
#include "nlohmann/json.hpp"

namespace crossdock::host {
namespace {

const Finding kClock = Fine("clock", "synchronised");
const Finding kBuffers{Verdict::kWarning, "send buffers", "4 MiB", "16 MiB", "speed after a loss", "sysctl -w a=1"};
const Finding kAes{Verdict::kProblem, "AES", "none", "some", "most", "another processor"};

TEST_CASE("people read a line for what is well, and what to do for what is not", "[host]") {
  CHECK(RenderText("This host:", {kClock, kBuffers}) ==
        "This host:\n\n"
        "ok       clock               synchronised\n"
        "warning  send buffers        4 MiB\n"
        "                             wanted: 16 MiB\n"
        "                             costs:  speed after a loss\n"
        "                             change: sysctl -w a=1\n"
        "\n0 problems, 1 warning.\n"
        "What sysctl -w sets is gone at the next boot: write NAME = VALUE into /etc/sysctl.d/90-crossdock.conf as "
        "well.\n");
}

TEST_CASE("only a problem is a problem", "[host]") {
  CHECK_FALSE(HasProblem({kClock, kBuffers}));
  CHECK(HasProblem({kClock, kAes}));
}

TEST_CASE("programs read one document, whatever bytes an error's words have", "[host]") {
  Finding odd = kAes;
  odd.found = "\xff\n\"";
  const nlohmann::json document = nlohmann::json::parse(RenderJson({kBuffers, odd}));
  CHECK(document["ok"] == false);
  CHECK(document["findings"].size() == 2);
  CHECK(document["findings"][0]["verdict"] == "warning");
  CHECK(document["findings"][0]["change"] == "sysctl -w a=1");
  CHECK(nlohmann::json::parse(RenderJson({kBuffers}))["ok"] == true);
}

}  // namespace
}  // namespace crossdock::host
