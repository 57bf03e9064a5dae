// The log of callers who were turned away: whoever floods the port must not flood the log, nor hide others in it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"

namespace crossdock::relay {

// Of each reason the first is said, and after that how many more there were, once a second. Thread-safe.
class RefusalLog {
 public:
  static constexpr std::chrono::seconds kInterval{1};
  // Reasons come from other relays, too; what is beyond counts as one.
  static constexpr size_t kReasonsMax = 64;

  struct Line {
    std::string reason;
    std::string peer;    // of the last one
    std::string error;   // of the last one
    uint64_t count = 0;  // since the last line of this reason
  };

  // What is to be logged now, or nothing: then it is counted.
  std::optional<Line> Take(std::string_view reason, std::string peer, std::string error, base::Steady now);
  // A line that is due though nobody comes any more; call until there is none.
  std::optional<Line> Due(base::Steady now);

 private:
  struct Count {
    base::Steady said;
    Line waiting;
  };
  base::Mutex mutex_;
  std::map<std::string, Count, std::less<>> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::relay
