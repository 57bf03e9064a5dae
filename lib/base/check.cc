#include "lib/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace crossdock::base::internal {

CheckFailure::CheckFailure(const char* file, int line, const char* condition) {
  stream_ << file << ":" << line << ": INVARIANT(" << condition << ") does not hold: ";
}

CheckFailure::~CheckFailure() {
  std::fprintf(stderr, "%s\n", stream_.str().c_str());
  std::abort();
}

}  // namespace crossdock::base::internal
