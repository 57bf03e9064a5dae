#include "agent/core/stream_count.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

using std::chrono::milliseconds;

TEST_CASE("a line that holds little at its cap gets the legs that it was given", "[agent][streams]") {
  CHECK(StreamsFor(8, milliseconds(1), 0, 1u << 30) == 8);
  CHECK(StreamsFor(8, milliseconds(50), 62'500'000, 1u << 30) == 8);
  CHECK(StreamsFor(8, milliseconds(100), 12'500'000, 1u << 30) == 8);
}

TEST_CASE("a long line gets more legs, up to four times as many", "[agent][streams]") {
  CHECK(StreamsFor(8, milliseconds(200), 62'500'000, 1u << 30) == 11);
  CHECK(StreamsFor(8, milliseconds(200), 0, 1u << 30) == 23);
  CHECK(StreamsFor(8, milliseconds(900), 0, 1u << 30) == 32);
  CHECK(StreamsFor(64, milliseconds(900), 0, 1u << 30) == 64);
}

TEST_CASE("a small package gets no more legs than it has work for", "[agent][streams]") {
  CHECK(StreamsFor(8, milliseconds(200), 0, 40'000'000) == 9);
  CHECK(StreamsFor(8, milliseconds(200), 0, 0) == 8);
}

}  // namespace
}  // namespace crossdock::agent
