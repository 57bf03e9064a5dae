#include "relay/refusal_log.h"

#include <utility>

namespace crossdock::relay {

std::optional<RefusalLog::Line> RefusalLog::Take(std::string_view reason, std::string peer, std::string error,
                                                 base::Steady now) {
  base::MutexLock lock(mutex_);
  if (counts_.size() >= kReasonsMax && counts_.find(reason) == counts_.end()) reason = "OTHER";
  const auto [found, first] = counts_.try_emplace(std::string(reason));
  Count& count = found->second;
  const uint64_t before = count.waiting.count;
  count.waiting = {std::string(reason), std::move(peer), std::move(error), before + 1};
  if (!first && now < count.said + kInterval) return std::nullopt;
  count.said = now;
  return std::exchange(count.waiting, {});
}

std::optional<RefusalLog::Line> RefusalLog::Due(base::Steady now) {
  base::MutexLock lock(mutex_);
  for (auto each = counts_.begin(); each != counts_.end();) {
    Count& count = each->second;
    if (now < count.said + kInterval) {
      ++each;
    } else if (count.waiting.count == 0) {
      each = counts_.erase(each);  // silent for so long: the next is a first one again
    } else {
      count.said = now;
      return std::exchange(count.waiting, {});
    }
  }
  return std::nullopt;
}

}  // namespace crossdock::relay
