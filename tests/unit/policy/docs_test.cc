// docs/policy_language.md says what is built: its tutorial is a policy that passes, its tables name everything.
#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/run_tests.h"

namespace crossdock::policy {
namespace {

std::string Reference() { return *base::ReadFile(std::string(CROSSDOCK_SOURCE_DIR) + "/docs/policy_language.md"); }

TEST_CASE("the tutorial's steps, one after the other, are a policy that passes its own tests") {
  const std::string text = Reference();
  const std::string_view open = "```yaml\n", close = "```\n";
  std::string policy_text;
  int steps = 0;
  for (size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    at += open.size();
    policy_text += text.substr(at, text.find(close, at) - at);
    ++steps;
  }
  CHECK(steps == 5);
  const auto policy = Parse(policy_text, "tutorial");
  INFO(policy.status().ToString());
  REQUIRE(policy.ok());
  CHECK(policy->tests.size() == 3);
  for (const TestResult& result : RunTests(*policy)) {
    INFO(result.name << ": " << result.difference);
    CHECK(result.passed);
  }
  CHECK(Lint(*policy, nullptr, policy->valid_from).empty());
}

TEST_CASE("the reference names every fact with its provenance, and every operator") {
  const std::string text = Reference();
  for (const FactSpec& spec : Vocabulary()) {
    INFO(spec.name);
    const size_t row = text.find("`" + std::string(spec.name) + "`", text.find("\n## Facts"));
    REQUIRE(row != std::string::npos);
    const std::string line = text.substr(row, text.find('\n', row) - row);
    CHECK(line.find(ProvenanceName(spec.provenance)) != std::string::npos);
  }
  for (Operator op :
       {Operator::kIn, Operator::kNotIn, Operator::kAnyOf, Operator::kHas, Operator::kAtMost, Operator::kAtLeast}) {
    CHECK(text.find("`" + std::string(OperatorName(op)) + ": ", text.find("\n## Operators")) != std::string::npos);
  }
}

}  // namespace
}  // namespace crossdock::policy
