// A rule's conditions as a box in the space of facts, so that overlap is arithmetic and not guesswork. Pure.
#pragma once

#include "lib/policy/policy.h"

namespace crossdock::policy {

// Whether every transfer that `inner` matches is matched by `outer` too (times and `until` aside). Exact for a fact on
// its own, except that several any_of over one list are compared one by one; so a "yes" is always right.
bool Contains(const Rule& outer, const Rule& inner);

// Whether no transfer can ever match `rule`: at_least above at_most, in and not_in of the same values.
bool IsEmpty(const Rule& rule);

// The classifications that `rule` can match, bit i for rank i.
unsigned ClassificationsOf(const Rule& rule);

}  // namespace crossdock::policy
