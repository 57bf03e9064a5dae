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

bool Meets(const PolicyTest& test, const Expected& expected, const Decision& decision) {
  if (decision.verdict != expected.verdict) return false;
  if (test.expect_verify && decision.verify != *test.expect_verify) return false;
  switch (expected.verdict) {
    case Verdict::kAllow:
      return true;
    case Verdict::kNeedsApprovals:
      return OpenIds(decision) == expected.open;
    case Verdict::kHold:
    case Verdict::kDeny:
      return std::any_of(decision.reasons.begin(), decision.reasons.end(), [&](const Reason& reason) {
        return reason.verdict == expected.verdict && (reason.rule == expected.reason || reason.code == expected.reason);
      });
  }
  return false;
}

std::string Say(const PolicyTest& test, const Expected& expected) {
  std::string text(VerdictName(expected.verdict));
  if (expected.verdict == Verdict::kNeedsApprovals) text += " (" + absl::StrJoin(expected.open, ", ") + ")";
  if (!expected.reason.empty()) text += " (" + expected.reason + ")";
  if (test.expect_verify) text += base::StrCat(" (verify: ", VerifyName(*test.expect_verify), ")");
  return text;
}

std::string Got(const PolicyTest& test, const Decision& decision) {
  std::vector<std::string> why;
  for (const Reason& reason : decision.reasons) {
    // Of what cannot be decided the fact says more than the rule that asked for it.
    const bool by_code = reason.rule.empty() || reason.code.starts_with("cannot-decide");
    if (reason.verdict == decision.verdict) why.push_back(by_code ? reason.code : reason.rule);
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

TestResult Judge(const PolicyTest& test, const Expected& expected, const Decision& decision) {
  TestResult result{test.name, test.place, Meets(test, expected, decision), ""};
  if (!result.passed) result.difference = base::StrCat("expected ", Say(test, expected), ", got ", Got(test, decision));
  return result;
}

// What a test expects of its own file, as a decision over several layers writes it.
Expected Scoped(const Policy& policy, const Expected& expected) {
  const std::string_view prefix = ScopePrefix(policy.scope());
  Expected scoped{expected.verdict, expected.reason, {}};
  for (const std::string& id : expected.open) scoped.open.insert(base::StrCat(prefix, id));
  const bool names_rule = std::any_of(policy.rules.begin(), policy.rules.end(),
                                      [&](const Rule& rule) { return rule.id == expected.reason; });
  constexpr std::string_view kDenied = "denied-by-approver: ";
  if (names_rule) scoped.reason = base::StrCat(prefix, expected.reason);
  if (expected.reason.starts_with(kDenied)) {
    scoped.reason = base::StrCat(kDenied, prefix, expected.reason.substr(kDenied.size()));
  }
  return scoped;
}

// The approvals of a test of `policy`, as they are given to all layers.
std::vector<Approval> ToAll(const Policy& policy, const PolicyTest& test, std::span<const Policy* const> above) {
  std::vector<Approval> approvals = test.approvals;
  for (Approval& own : approvals) own.requirement.insert(0, ScopePrefix(policy.scope()));
  for (const Policy* layer : above) {
    for (const std::string& id : RequirementsOf(*layer)) {
      for (Approval approval : test.unbound) {
        approval.requirement = base::StrCat(ScopePrefix(layer->scope()), id);
        approvals.push_back(std::move(approval));
      }
    }
  }
  return approvals;
}

}  // namespace

TestResult RunTest(const Policy& policy, const PolicyTest& test) {
  return Judge(test, test.expect, Evaluate(policy, test.facts, test.approvals, test.now));
}

std::vector<TestResult> RunTests(const Policy& policy) {
  std::vector<TestResult> results;
  for (const PolicyTest& test : policy.tests) results.push_back(RunTest(policy, test));
  return results;
}

std::vector<TestResult> RunTests(const Policy& policy, std::span<const Policy* const> above) {
  std::vector<const Policy*> layers(above.begin(), above.end());
  layers.push_back(&policy);
  std::vector<TestResult> results;
  for (const PolicyTest& test : policy.tests) {
    const Expected expected = test.together ? *test.together : Scoped(policy, test.expect);
    results.push_back(Judge(test, expected, EvaluateLayers(layers, test.facts, ToAll(policy, test, above), test.now)));
  }
  return results;
}

}  // namespace crossdock::policy
