#include "tests/support/wan/line.h"

#include <string>
#include <vector>

#include "catch2/catch.hpp"

namespace crossdock::wan {
namespace {

constexpr Nanoseconds kMillisecond = 1'000'000;

// 1 MB/s, 10 ms: a packet of 1,000 bytes takes a millisecond to send.
LineSettings Settings() {
  return {.bytes_per_second = 1e6, .delay = 10 * kMillisecond, .loss = 0, .queue_bytes = 5'000, .seed = 1};
}

Line Made(const LineSettings& settings) {
  Line line;
  line.Reset(settings);
  return line;
}

void OfferAt(Line& line, Nanoseconds at, size_t size = 1'000) { line.Offer(std::string(size, 'x'), at); }

std::vector<Nanoseconds> Arrivals(Line& line) {
  std::vector<Nanoseconds> arrivals;
  for (; line.NextDue() >= 0; line.Pop()) arrivals.push_back(line.NextDue());
  return arrivals;
}

TEST_CASE("a packet arrives after the time to send it and the delay") {
  Line line = Made(Settings());
  OfferAt(line, 3 * kMillisecond);
  CHECK(line.NextDue() == 14 * kMillisecond);
  CHECK(line.Front(14 * kMillisecond - 1).empty());
  CHECK(line.Front(14 * kMillisecond).size() == 1'000);
}

TEST_CASE("packets leave one after the other, and the line rests when there is none") {
  Line line = Made(Settings());
  OfferAt(line, 0);
  OfferAt(line, 0);
  OfferAt(line, 5 * kMillisecond);
  CHECK(Arrivals(line) == std::vector<Nanoseconds>{11 * kMillisecond, 12 * kMillisecond, 16 * kMillisecond});
}

TEST_CASE("what the queue has no room for is dropped, newest first, and has taken no time on the line") {
  Line line = Made(Settings());
  for (int i = 0; i < 8; ++i) OfferAt(line, 0);
  CHECK(line.counters().queue_dropped_packets == 3);
  CHECK(line.counters().queue_dropped_bytes == 3'000);
  OfferAt(line, kMillisecond);  // one has left, so there is room for one
  CHECK(line.counters().queue_dropped_packets == 3);
  CHECK(Arrivals(line).back() == 16 * kMillisecond);
}

TEST_CASE("a lost packet has taken its time on the line") {
  LineSettings settings = Settings();
  settings.loss = 1;
  Line line = Made(settings);
  for (int i = 0; i < 6; ++i) OfferAt(line, 0);
  CHECK(line.counters().lost_packets == 5);
  CHECK(line.counters().queue_dropped_packets == 1);
  CHECK(line.NextDue() == -1);
}

TEST_CASE("loss is as often as asked, and the same with the same seed") {
  LineSettings settings = Settings();
  settings.loss = 0.02;
  Line one = Made(settings), same = Made(settings);
  settings.seed = 2;
  Line other = Made(settings);
  for (Nanoseconds i = 0; i < 100'000; ++i) {
    for (Line* line : {&one, &same, &other}) OfferAt(*line, i * kMillisecond);
  }
  CHECK(one.counters().lost_packets > 1'850);
  CHECK(one.counters().lost_packets < 2'150);
  const auto arrivals = Arrivals(one);
  CHECK(arrivals == Arrivals(same));
  CHECK(arrivals != Arrivals(other));
}

TEST_CASE("every packet is counted once") {
  LineSettings settings = Settings();
  settings.loss = 0.5;
  Line line = Made(settings);
  for (int i = 0; i < 100; ++i) OfferAt(line, i * kMillisecond / 2);
  const size_t under_way =
      line.counters().packets - line.counters().lost_packets - line.counters().queue_dropped_packets;
  CHECK(Arrivals(line).size() == under_way);
  CHECK(line.counters().delivered_packets == under_way);
  CHECK(line.counters().delivered_bytes == under_way * 1'000);
  line.Reset(settings);
  CHECK(line.counters().packets == 0);
}

}  // namespace
}  // namespace crossdock::wan
