// Finds the data legs that hang behind: a flow that lost its first packets can crawl for minutes while its neighbours
// on the same line fly, and a connection can die without a word.
//
// Pure. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "lib/base/clock.h"

namespace crossdock::agent {

class LegWatch {
 public:
  // How long a leg is looked at before it is judged.
  explicit LegWatch(std::chrono::milliseconds window = std::chrono::seconds(10)) : window_(window) {}

  struct Sample {
    uint16_t leg = 0;
    uint64_t bytes = 0;    // handed to its connection so far, on all its connections
    bool busy = false;     // has something to send
    bool waiting = false;  // for the line to take more, now
  };
  // Those of the legs to replace: over a whole window each look found them waiting for the line, and they moved less
  // than an eighth of what busy legs moved in the median. At least three others must have been busy: if all are slow,
  // it is the line. A leg is replaced three times at most.
  std::vector<uint16_t> Judge(const std::vector<Sample>& samples, base::Steady now);

 private:
  struct Seen {
    std::optional<base::Steady> since;  // busy since, as far as is known
    uint64_t bytes = 0;                 // at that time
    bool waited = false;                // at each look since then
    int replaced = 0;
  };

  const std::chrono::milliseconds window_;
  std::map<uint16_t, Seen> legs_;
};

}  // namespace crossdock::agent
