// Any bytes as a policy: the strict reader takes or refuses them with a place, and whatever it takes renders, lints,
// and decides the same way twice.
#include <cstdint>
#include <string_view>

#include "lib/base/check.h"
#include "lib/policy/canonical.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/render.h"
#include "lib/policy/run_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace crossdock::policy;
  const auto policy = Parse({reinterpret_cast<const char*>(data), size}, "fuzz.yaml");
  if (!policy.ok()) {
    INVARIANT(policy.status().message().substr(0, 10) == "fuzz.yaml:") << policy.status();
    return 0;
  }
  INVARIANT(policy->digest == Digest(*policy)) << "the digest must not depend on when it is taken";
  Render(*policy);
  Lint(*policy, nullptr, policy->valid_from);
  for (const PolicyTest& test : policy->tests) {
    const Decision one = Evaluate(*policy, test.facts, test.approvals, test.now);
    const Decision two = Evaluate(*policy, test.facts, test.approvals, test.now);
    INVARIANT(Explain(one) == Explain(two)) << "a decision must replay";
  }
  return 0;
}
