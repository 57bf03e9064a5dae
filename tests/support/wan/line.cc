#include "tests/support/wan/line.h"

#include <algorithm>
#include <cmath>

#include "lib/base/check.h"

namespace crossdock::wan {

void Line::Reset(const LineSettings& settings) {
  settings_ = settings;
  random_.seed(settings.seed);
  is_lost_ = std::bernoulli_distribution(settings.loss);
  free_at_ = 0;
  under_way_.clear();
  counters_ = {};
}

void Line::Offer(std::span<const char> packet, Nanoseconds arrived) {
  INVARIANT(packet.size() <= kPacketBytesMax);
  const double size = static_cast<double>(packet.size());
  ++counters_.packets;
  counters_.bytes += packet.size();
  const Nanoseconds starts = std::max(free_at_, arrived);
  const double waiting = static_cast<double>(starts - arrived) * 1e-9 * settings_.bytes_per_second;
  if (waiting + size > static_cast<double>(settings_.queue_bytes)) {
    ++counters_.queue_dropped_packets;
    counters_.queue_dropped_bytes += packet.size();
    return;
  }
  free_at_ = starts + std::llround(size / settings_.bytes_per_second * 1e9);
  if (is_lost_(random_)) {
    ++counters_.lost_packets;
    counters_.lost_bytes += packet.size();
    return;
  }
  Packet& accepted = under_way_.emplace_back();
  accepted.due = free_at_ + settings_.delay;
  accepted.size = packet.size();
  std::copy(packet.begin(), packet.end(), accepted.bytes.begin());
}

std::span<const char> Line::Front(Nanoseconds now) const {
  if (under_way_.empty() || under_way_.front().due > now) return {};
  return {under_way_.front().bytes.data(), under_way_.front().size};
}

void Line::Pop() {
  ++counters_.delivered_packets;
  counters_.delivered_bytes += under_way_.front().size;
  under_way_.pop_front();
}

}  // namespace crossdock::wan
