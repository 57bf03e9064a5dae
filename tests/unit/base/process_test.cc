#include "lib/base/process.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"

namespace crossdock::base {
namespace {

constexpr size_t kDeep = 512u << 10;

// Where it was: a stack this deep, written to.
__attribute__((noinline)) uintptr_t GoDeep() {
  volatile char deep[kDeep];
  for (size_t at = 0; at < kDeep; at += 512) deep[at] = 1;
  return reinterpret_cast<uintptr_t>(&deep[0]);
}

size_t ResidentPages(uintptr_t from, size_t size) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t begin = (from + page - 1) & ~(page - 1);
  std::vector<unsigned char> pages((size - page) / page);
  if (mincore(reinterpret_cast<void*>(begin), pages.size() * page, pages.data()) != 0) return 0;
  return static_cast<size_t>(std::count_if(pages.begin(), pages.end(), [](unsigned char each) { return each & 1; }));
}

TEST_CASE("a thread gives back the stack that it will not need again, and goes on") {
  size_t before = 0, after = 0;
  uintptr_t again = 0;
  std::thread thread([&] {
    const uintptr_t deep = GoDeep();
    before = ResidentPages(deep, kDeep);
    GiveMemoryBack();
    after = ResidentPages(deep, kDeep);
    again = GoDeep() - deep;
  });
  thread.join();
  CHECK(before > 100);
  CHECK(after > 0);
  CHECK(after < 20);
  CHECK(again == 0);
}

}  // namespace
}  // namespace crossdock::base
