// Runs the tests that a policy file brings along. Pure.
#pragma once

#include <span>
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

// The same with the layers above the file's own: each test is decided by all of them together. What must come out is
// what it expects `together`, or else what it expects of the file alone. An approval that names no requirement is given
// for every requirement of every layer.
std::vector<TestResult> RunTests(const Policy& policy, std::span<const Policy* const> above);

}  // namespace crossdock::policy
