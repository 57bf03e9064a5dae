// The policies that are shipped parse, and their own tests pass.
#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/policy/mutate.h"
#include "lib/policy/parse.h"
#include "lib/policy/run_tests.h"

namespace crossdock::policy {
namespace {

TEST_CASE("every policy that is shipped passes the tests that it brings along, and they notice every change") {
  for (const std::string path : {"/deploy/config/policy.example.yaml", "/deploy/demo/policy/northlight.yaml"}) {
    const auto text = base::ReadFile(CROSSDOCK_SOURCE_DIR + path);
    REQUIRE(text.ok());
    const auto policy = Parse(*text, path);
    INFO(policy.status().ToString());
    REQUIRE(policy.ok());
    CHECK(policy->client == "northlight");
    CHECK(policy->digest.size() == 64);
    const std::vector<TestResult> results = RunTests(*policy);
    CHECK(results.size() >= 8);
    for (const TestResult& result : results) {
      INFO(result.name << ": " << result.difference);
      CHECK(result.passed);
    }
    const TestStrength strength = MeasureTests(*policy);
    CHECK(strength.unreached.empty());
    CHECK(strength.killed == strength.mutants.size());
  }
}

}  // namespace
}  // namespace crossdock::policy
