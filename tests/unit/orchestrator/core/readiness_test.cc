#include "orchestrator/core/readiness.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "orchestrator/core/retry.h"
#include "orchestrator/core/trigger.h"

namespace crossdock::orchestrator {
namespace {

using std::chrono::seconds;

TEST_CASE("a package is ready at once, once it is quiet, or once its marker is there", "[readiness]") {
  CHECK(ParseReadiness("none").value() == Readiness{});
  CHECK(ParseReadiness("stable 30s").value() == Readiness{seconds(30), ""});
  CHECK(ParseReadiness("stable 5m").value() == Readiness{seconds(300), ""});
  CHECK(ParseReadiness("marker .complete").value() == Readiness{seconds(0), ".complete"});
  CHECK(ParseReadiness("marker state/done now").value() == Readiness{seconds(0), "state/done now"});
}

TEST_CASE("a readiness that cannot be is refused with what to write instead", "[readiness]") {
  for (const char* text : {"", "stable", "stable ", "stable 0s", "stable 25h", "stable soon", "marker", "marker ",
                           "marker ../x", "marker /x", "marker a\nb", "soon"}) {
    CAPTURE(text);
    const absl::Status status = ParseReadiness(text).status();
    CHECK(status.code() == absl::StatusCode::kInvalidArgument);
    CHECK_THAT(std::string(base::ToStd(status.message())),
               Catch::Contains("stable 30s") || Catch::Contains("marker .complete"));
  }
}

TEST_CASE("a trigger says when its packages are ready, and its file is refused when it says nonsense", "[readiness]") {
  const std::string head =
      "schema: crossdock/triggers/v1\ntriggers:\n  - id: comp\n    when: {project: [nl]}\n    deliver:\n"
      "      from: lon\n      to: [van]\n      purpose: comp\n";
  Entity entity;
  entity.volume = "proj";
  entity.path = "shots/sh010";
  CHECK(Apply(ParseTriggers(head, "t")->front(), entity)->front().ready == "none");
  CHECK(Apply(ParseTriggers(head + "      ready: stable 1m\n", "t")->front(), entity)->front().ready == "stable 1m");
  const auto refused = ParseTriggers(head + "      ready: when done\n", "t");
  CHECK_THAT(refused.status().ToString(), Catch::Contains("t:9") && Catch::Contains("marker .complete"));
}

TEST_CASE("a package that is not ready is looked at again for as long as it takes", "[readiness]") {
  CHECK_FALSE(Advise(ClassOf("SOURCE_NOT_READY"), 1'000'000, 0).give_up);
  CHECK(Advise(ClassOf("SOURCE_MISSING"), 1, 0).give_up);
}

}  // namespace
}  // namespace crossdock::orchestrator
