// The form of a policy that its digest is over: what it means, not how it is written. Comments, spacing, quotes, the
// order of keys, rules and lists, defaults written out or not, fixture and tests do not change it; everything else
// does, titles and reasons included, because people sign what they read.
#pragma once

#include <string>

#include "lib/policy/policy.h"

namespace crossdock::policy {

// UTF-8 lines `name: value`, values percent-escaped, rules sorted by id.
std::string Canonical(const Policy& policy);
// SHA-256 of Canonical, lower hex. `policy.digest` is this.
std::string Digest(const Policy& policy);

}  // namespace crossdock::policy
