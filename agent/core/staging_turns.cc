#include "agent/core/staging_turns.h"

namespace crossdock::agent {

std::optional<StagingTurns::Turn> StagingTurns::Take(const std::string& transfer, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    base::MutexLock lock(mutex_);
    ended_.NotifyAll();
  });
  base::MutexLock lock(mutex_);
  while (taken_.contains(transfer) && !stop.stop_requested()) ended_.Wait(mutex_);
  if (stop.stop_requested()) return std::nullopt;
  taken_.insert(transfer);
  return std::optional<Turn>(std::in_place, *this, transfer);
}

std::optional<StagingTurns::Turn> StagingTurns::TryTake(const std::string& transfer) {
  base::MutexLock lock(mutex_);
  if (!taken_.insert(transfer).second) return std::nullopt;
  return std::optional<Turn>(std::in_place, *this, transfer);
}

void StagingTurns::End(const std::string& transfer) {
  base::MutexLock lock(mutex_);
  taken_.erase(transfer);
  ended_.NotifyAll();
}

}  // namespace crossdock::agent
