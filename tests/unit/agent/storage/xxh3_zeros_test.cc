#include "agent/storage/xxh3.h"

#include <chrono>

#include "catch2/catch.hpp"
#include "lib/base/random.h"

namespace crossdock::agent {
namespace {

TEST_CASE("zeros that are counted give the digest of zeros that are read", "[agent][xxh3]") {
  const std::string noise = base::SystemRandom().Bytes(5000);
  // Around every size at which the library changes its ways: buffers of 256, stripes of 64, blocks of 1,024 bytes.
  for (const uint64_t before : {0, 1, 63, 64, 65, 240, 241, 255, 256, 257, 1023, 1024, 1025, 1300, 4999}) {
    for (const uint64_t zeros : {0, 1, 64, 511, 512, 1024, 2047, 2048, 2049, 2560, 3071, 3072, 10'000, 1'000'003}) {
      for (const uint64_t after : {0, 1, 300, 1024, 4000}) {
        Xxh3 counted, read;
        for (Xxh3* each : {&counted, &read}) each->Update({noise.data(), before});
        counted.UpdateZeros(zeros);
        read.Update(std::string(zeros, '\0'));
        for (Xxh3* each : {&counted, &read}) each->Update({noise.data(), after});
        CAPTURE(before, zeros, after);
        REQUIRE(counted.Finish() == read.Finish());
      }
    }
  }
}

TEST_CASE("zeros in several counts, with a state saved between them, are the same zeros", "[agent][xxh3]") {
  Xxh3 first, second, read;
  first.Update("x");
  first.UpdateZeros(123'456);
  REQUIRE(second.Restore(first.Save()));
  second.UpdateZeros(7'000'001);
  second.Update("y");
  read.Update("x" + std::string(123'456 + 7'000'001, '\0') + "y");
  CHECK(second.Finish() == read.Finish());
}

// Said, and bounded only where nothing but a mistake could exceed it.
TEST_CASE("a hole of 200 GB is digested in seconds", "[agent][xxh3]") {
  const auto began = std::chrono::steady_clock::now();
  Xxh3 xxh3;
  xxh3.UpdateZeros(200'000'000'000);
  CHECK(xxh3.Finish() != wire::Digest128());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  WARN("200 GB of zeros digested in " << took.count() << " s");
  CHECK(took.count() < 20);
}

}  // namespace
}  // namespace crossdock::agent
