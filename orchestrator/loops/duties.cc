#include "orchestrator/loops/duties.h"

#include <map>
#include <utility>

namespace crossdock::orchestrator::loops {

Duties::Duties(std::vector<DutySpec> specs, Wakes& wakes, const base::Clock& clock) : wakes_(wakes) {
  std::map<Duty, std::vector<base::PeriodicLoop*>> woken;
  for (DutySpec& spec : specs) {
    loops_.push_back(std::make_unique<base::PeriodicLoop>(spec.name, spec.interval, clock, std::move(spec.run)));
    for (const Duty duty : spec.woken_by) woken[duty].push_back(loops_.back().get());
  }
  for (const auto& [duty, loops] : woken) {
    wakes_.OnDuty(duty, [loops = loops] {
      for (base::PeriodicLoop* loop : loops) loop->Wake();
    });
  }
}

Duties::~Duties() { Stop(); }

void Duties::Stop() {
  for (int duty = 0; duty < kDutyCount; ++duty) wakes_.OnDuty(static_cast<Duty>(duty), {});
  while (!loops_.empty()) loops_.pop_back();
}

}  // namespace crossdock::orchestrator::loops
