// One direction of an emulated long line: a rate, a delay, random loss, and a queue before the line that drops its
// tail.
//
// Pure: no devices, no clock, no threads. Times are nanoseconds of any one clock that does not go back. Not
// thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <span>

namespace crossdock::wan {

using Nanoseconds = int64_t;

struct LineSettings {
  double bytes_per_second = 0;  // IP bytes
  Nanoseconds delay = 0;        // from the end of a packet's sending to its arrival
  double loss = 0;              // share of packets, 0 to 1; a lost packet has taken its time on the line
  uint64_t queue_bytes = 0;     // that may wait for the line
  uint64_t seed = 0;  // of the loss: with the same seed the n-th packet that enters the line has the same fate
};

// Offered = queue_dropped + lost + delivered + what is under way.
struct LineCounters {
  uint64_t packets = 0, bytes = 0;  // offered
  uint64_t lost_packets = 0, lost_bytes = 0;
  uint64_t queue_dropped_packets = 0, queue_dropped_bytes = 0;
  uint64_t delivered_packets = 0, delivered_bytes = 0;
};

class Line {
 public:
  static constexpr size_t kPacketBytesMax = 2048;

  // Starts anew: what was under way is forgotten, the counters are zero.
  void Reset(const LineSettings& settings);

  // A packet that came at `arrived`, which is not before the one of the last call. At most kPacketBytesMax.
  void Offer(std::span<const char> packet, Nanoseconds arrived);

  // When the next packet comes out; -1 when none is under way.
  Nanoseconds NextDue() const { return under_way_.empty() ? -1 : under_way_.front().due; }
  // The packet that came out by `now`, empty when none did; valid until the next call of Offer, Pop or Reset.
  std::span<const char> Front(Nanoseconds now) const;
  void Pop();

  const LineCounters& counters() const { return counters_; }

 private:
  struct Packet {
    Packet() {}  // leaves the bytes as they are
    Nanoseconds due = 0;
    size_t size = 0;
    std::array<char, kPacketBytesMax> bytes;
  };

  LineSettings settings_;
  std::mt19937_64 random_;
  std::bernoulli_distribution is_lost_;
  Nanoseconds free_at_ = 0;  // when the line has sent all that was accepted
  std::deque<Packet> under_way_;
  LineCounters counters_;
};

}  // namespace crossdock::wan
