// An attempt that lands on storage that knows every call, and once more on storage that refuses what NFS refuses.
#pragma once

#include "catch2/catch.hpp"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {

class LandingPair : public AttemptPair {
 public:
  LandingPair() { to_calls.nfs = GENERATE(false, true); }
};

}  // namespace crossdock::agent
