// Runs the tests that a policy file brings along. Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

struct TestResult {
  std::string name;
  Place place;
  bool passed = false;
  std::string difference;  // when it failed: "expected hold (N-02), got allow"
};

// In the file's order. A test expects the verdict; of hold and deny also the reason (a rule's id or a reason's code,
// among those of that verdict); of needs_approvals exactly the open requirements.
std::vector<TestResult> RunTests(const Policy& policy);
// One of them, by the rules of `policy`.
TestResult RunTest(const Policy& policy, const PolicyTest& test);

}  // namespace crossdock::policy
