#include "lib/policy/run_tests.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "lib/base/strings.h"
#include "lib/policy/evaluate.h"

namespace crossdock::policy {
namespace {

std::set<std::string> OpenIds(const Decision& decision) {
  std::set<std::string> ids;
  for (const RequirementStatus& status : decision.open) ids.insert(status.id);
  return ids;
}

bool Meets(const PolicyTest& test, const Decision& decision) {
  if (decision.verdict != test.expect) return false;
  if (test.expect_verify && decision.verify != *test.expect_verify) return false;
  switch (test.expect) {
    case Verdict::kAllow:
      return true;
    case Verdict::kNeedsApprovals:
      return OpenIds(decision) == test.expect_open;
    case Verdict::kHold:
    case Verdict::kDeny:
      return std::any_of(decision.reasons.begin(), decision.reasons.end(), [&](const Reason& reason) {
        return reason.verdict == test.expect &&
               (reason.rule == test.expect_reason || reason.code == test.expect_reason);
      });
  }
  return false;
}

std::string Expected(const PolicyTest& test) {
  std::string text(VerdictName(test.expect));
  if (test.expect == Verdict::kNeedsApprovals) text += " (" + absl::StrJoin(test.expect_open, ", ") + ")";
  if (!test.expect_reason.empty()) text += " (" + test.expect_reason + ")";
  if (test.expect_verify) text += base::StrCat(" (verify: ", VerifyName(*test.expect_verify), ")");
  return text;
}

std::string Got(const PolicyTest& test, const Decision& decision) {
  std::vector<std::string> why;
  for (const Reason& reason : decision.reasons) {
    if (reason.verdict == decision.verdict) why.push_back(reason.rule.empty() ? reason.code : reason.rule);
  }
  if (decision.verdict == Verdict::kNeedsApprovals) {
    const std::set<std::string> open = OpenIds(decision);
    why.assign(open.begin(), open.end());
  }
  std::string text(VerdictName(decision.verdict));
  if (!why.empty()) text += " (" + absl::StrJoin(why, ", ") + ")";
  if (test.expect_verify) text += base::StrCat(" (verify: ", VerifyName(decision.verify), ")");
  return text;
}

}  // namespace

TestResult RunTest(const Policy& policy, const PolicyTest& test) {
  const Decision decision = Evaluate(policy, test.facts, test.approvals, test.now);
  TestResult result{test.name, test.place, Meets(test, decision), ""};
  if (!result.passed) result.difference = base::StrCat("expected ", Expected(test), ", got ", Got(test, decision));
  return result;
}

std::vector<TestResult> RunTests(const Policy& policy) {
  std::vector<TestResult> results;
  for (const PolicyTest& test : policy.tests) results.push_back(RunTest(policy, test));
  return results;
}

}  // namespace crossdock::policy
