// What libFuzzer calls: one target, named by CMake.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  crossdock::fuzz::CROSSDOCK_FUZZ_FUNCTION({reinterpret_cast<const char*>(data), size});
  return 0;
}
