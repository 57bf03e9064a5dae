// INVARIANT is for our own bugs, and on in release: a program that has lost its invariants must not move content.
#pragma once

#include <sstream>

namespace crossdock::base::internal {

class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  [[noreturn]] ~CheckFailure();
  std::ostream& stream() { return stream_; }

 private:
  std::ostringstream stream_;
};

// Lets `INVARIANT(x) << "why"` be one expression of type void.
struct Voidify {
  void operator&(std::ostream&) const {}
};

}  // namespace crossdock::base::internal

#define INVARIANT(condition)                             \
  (condition) ? static_cast<void>(0)                     \
              : ::crossdock::base::internal::Voidify() & \
                    ::crossdock::base::internal::CheckFailure(__FILE__, __LINE__, #condition).stream()
