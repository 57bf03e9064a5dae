// Any bytes as a policy: the strict reader takes or refuses them with a place, and whatever it takes renders, lints,
// and decides the same way twice.
#include "lib/policy/canonical.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"
#include "lib/policy/run_tests.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {

bool FuzzPolicy(std::string_view input) {
  using namespace policy;
  const auto policy = Parse(input, "fuzz.yaml");
  if (!policy.ok()) {
    CheckRefusal(policy.status());
    INVARIANT(policy.status().message().substr(0, 10) == "fuzz.yaml:") << policy.status();
    return false;
  }
  INVARIANT(policy->digest == Digest(*policy)) << "the digest must not depend on when it is taken";
  Render(*policy);
  Lint(*policy, nullptr, policy->valid_from);
  for (const PolicyTest& test : policy->tests) {
    const Decision one = Evaluate(*policy, test.facts, test.approvals, test.now);
    const Decision two = Evaluate(*policy, test.facts, test.approvals, test.now);
    INVARIANT(Explain(one) == Explain(two)) << "a decision must replay";
  }
  return true;
}

}  // namespace crossdock::fuzz
