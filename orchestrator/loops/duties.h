// The background duties: each a loop of its own that looks at the database at its interval, and at once when woken.
//
// No duty leads: several replicas run all of them side by side, and the rows' guards decide who was first.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/periodic.h"
#include "orchestrator/core/wakes.h"

namespace crossdock::orchestrator::loops {

struct DutySpec {
  std::string name;
  std::chrono::milliseconds interval;
  std::vector<Duty> woken_by;
  base::PeriodicLoop::Duty run;
};

// Starts all at once; stops them in reverse. Start and stop from one thread.
class Duties {
 public:
  // `wakes` and `clock` outlive the duties, as does everything that they use.
  Duties(std::vector<DutySpec> specs, Wakes& wakes, const base::Clock& clock);
  ~Duties();
  void Stop();

 private:
  Wakes& wakes_;
  std::vector<std::unique_ptr<base::PeriodicLoop>> loops_;
};

}  // namespace crossdock::orchestrator::loops
