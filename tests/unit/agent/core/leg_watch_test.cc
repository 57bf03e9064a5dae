#include "agent/core/leg_watch.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

using std::chrono::seconds;
using Legs = std::vector<uint16_t>;

struct Line {
  // A second passes in which leg i moves rates[i]; negative: it has nothing to do.
  Legs Pass(const std::vector<int64_t>& rates, bool waiting = true) {
    now += seconds(1);
    std::vector<LegWatch::Sample> samples;
    bytes.resize(rates.size());
    for (size_t i = 0; i < rates.size(); ++i) {
      bytes[i] += static_cast<uint64_t>(std::max<int64_t>(rates[i], 0));
      samples.push_back({static_cast<uint16_t>(i + 1), bytes[i], rates[i] >= 0, waiting});
    }
    return watch.Judge(samples, now);
  }
  Legs Pass(int count, const std::vector<int64_t>& rates, bool waiting = true) {
    Legs behind;
    for (int i = 0; i < count; ++i) {
      for (const uint16_t leg : Pass(rates, waiting)) behind.push_back(leg);
    }
    return behind;
  }
  LegWatch watch;
  base::Steady now{};
  std::vector<uint64_t> bytes;
};

TEST_CASE("a leg that crawls while the others fly is replaced after ten seconds, and not before", "[agent][legs]") {
  Line line;
  CHECK(line.Pass(10, {100, 100, 10, 100}).empty());
  CHECK(line.Pass({100, 100, 10, 100}) == Legs{3});
}

TEST_CASE("legs that differ as lines make them differ stay", "[agent][legs]") {
  Line line;
  CHECK(line.Pass(60, {100, 50, 30, 14, 90, 100}).empty());
}

TEST_CASE("when all are slow it is the line", "[agent][legs]") {
  Line line;
  CHECK(line.Pass(60, {0, 0, 0, 0, 0}).empty());
}

TEST_CASE("a leg without work is neither judged nor a measure for others", "[agent][legs]") {
  Line line;
  CHECK(line.Pass(60, {-1, 100, 100, 0, -1}).empty());
}

TEST_CASE("a leg that does not wait for the line is slow by its source", "[agent][legs]") {
  Line line;
  CHECK(line.Pass(60, {100, 100, 0, 100}, /*waiting=*/false).empty());
}

TEST_CASE("a leg that no new connection makes faster is left alone in the end", "[agent][legs]") {
  Line line;
  CHECK(line.Pass(200, {100, 100, 0, 100, 100}) == Legs{3, 3, 3});
}

}  // namespace
}  // namespace crossdock::agent
