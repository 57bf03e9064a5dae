#include "agent/storage/xxh3.h"

#include <memory>
#include <vector>

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

// Fills memory of the size of a hash's state, and gives it back, as other work in the same process does.
void UseTheHeap() {
  std::vector<std::unique_ptr<std::string>> used;
  for (int i = 0; i < 200; ++i) used.push_back(std::make_unique<std::string>(500 + i, 'S'));
}

TEST_CASE("a saved hash holds what was hashed, and nothing that the memory was used for before", "[xxh3]") {
  Xxh3 first;
  first.Update("frame");
  const std::string saved = first.Save();
  for (int i = 0; i < 10; ++i) {
    UseTheHeap();
    Xxh3 other;
    other.Update("frame");
    CHECK(other.Save() == saved);
  }
  CHECK(saved.find("SSSS") == std::string::npos);
}

TEST_CASE("a hash that was used before saves like a new one", "[xxh3]") {
  Xxh3 used;
  used.Update(std::string(5000, 'u'));
  used.Finish();
  CHECK(used.Save() == Xxh3().Save());
}

TEST_CASE("a saved hash holds no address of the process", "[xxh3]") {
  // The library's pointer to its secret is the last field.
  CHECK(Xxh3().Save().ends_with(std::string(sizeof(void*), '\0')));
}

TEST_CASE("a restored hash goes on where the saved one stood", "[xxh3]") {
  for (const size_t size : {0, 1, 240, 256, 257, 5000}) {
    Xxh3 whole;
    whole.Update(std::string(size, 'a'));
    Xxh3 resumed;
    REQUIRE(resumed.Restore(whole.Save()));
    for (Xxh3* hash : {&whole, &resumed}) hash->Update("and what comes after it");
    CHECK(whole.Finish() == resumed.Finish());
  }
}

}  // namespace
}  // namespace crossdock::agent
