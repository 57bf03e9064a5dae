// What to do when an attempt fails, by the class of its reason.
#pragma once

#include <chrono>
#include <string_view>

namespace crossdock::orchestrator {

enum class RetryClass {
  kTransient,      // lines, peers, processes: again soon, with backoff
  kStorage,        // full, read-only, or not whole yet: again later, for long
  kRefused,        // an agent does not accept the warrant: a few tries, because rosters and policies travel
  kSourceChanged,  // scan again; what was approved is no longer there
  kPerson,         // only a person can mend it
};

RetryClass ClassOf(std::string_view reason);

struct RetryAdvice {
  bool give_up = false;
  std::chrono::milliseconds wait{};
};
// After `attempts` tries (1 = the first has failed). `jitter` in [0, 1) spreads the fellows of one outage.
RetryAdvice Advise(RetryClass retry_class, int attempts, double jitter);

}  // namespace crossdock::orchestrator
