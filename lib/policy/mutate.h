// How much a policy's own tests would notice: which rules they reach, and which small changes of a rule no test finds.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "lib/policy/policy.h"

namespace crossdock::policy {

// A rule with one thing changed: dropped, turned into its opposite, or loosened.
struct Mutant {
  std::string rule;
  Place place;
  std::string change;     // "without destination.country in [XA]"
  std::string killed_by;  // the first test that fails with it; empty: none does
};

struct TestStrength {
  std::vector<const Rule*> unreached;  // rules that match in no test; of the policy
  std::vector<Mutant> mutants;         // in the file's order
  size_t killed = 0;
};

// Of a policy whose tests pass. What tests cannot see is not changed: titles, reasons, bind, encryption.
TestStrength MeasureTests(const Policy& policy);

}  // namespace crossdock::policy
