// StagingTurns lets one task at a time work on a transfer's staging: an attempt that receives, whoever finishes its
// publish, whoever cleans up after it. What a publish has done so far stands in its journal, so whoever gets the next
// turn reads that again and goes on from there.
//
// Within one process; against a second one there is the ledger's lock. Thread-safe.
#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>

#include "lib/base/mutex.h"

namespace crossdock::agent {

class StagingTurns {
 public:
  // Ends with its owner, on whatever thread, which must be before the turns do.
  class Turn {
   public:
    Turn(StagingTurns& turns, std::string transfer) : turns_(&turns), transfer_(std::move(transfer)) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)), transfer_(std::move(other.transfer_)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_ != nullptr) turns_->End(transfer_);
    }

   private:
    StagingTurns* turns_;
    std::string transfer_;
  };

  // Waits until nobody else has it; nothing after `stop`.
  std::optional<Turn> Take(const std::string& transfer, const std::stop_token& stop);
  // Nothing when somebody else has it.
  std::optional<Turn> TryTake(const std::string& transfer);

 private:
  void End(const std::string& transfer);

  base::Mutex mutex_;
  base::CondVar ended_;
  std::set<std::string> taken_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::agent
