#include "agent/tasks/warrant_watch.h"

#include <utility>

#include "agent/core/stops.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"

namespace crossdock::agent {
namespace {

// The agent knows of newer rules than the task was made by: the task that was made by those is on its way.
bool WantsNewerPapers(const std::string& reason) {
  return reason == trust::kPolicyTooOld || reason == trust::kPolicyForked || reason == trust::kPolicyLayerMissing ||
         reason == "ROSTER_BEHIND";
}

}  // namespace

WarrantWatch::WarrantWatch(const Warrants& warrants, const TaskControl& control, std::shared_ptr<const Task> task,
                           Warranted warranted, const base::Clock& clock, const WarrantPace& pace)
    : warrants_(warrants),
      control_(control),
      clock_(clock),
      pace_(pace),
      task_(std::move(task)),
      scanned_(warranted.scan),
      revision_(warranted.revision),
      until_(warranted.until),
      forward_(control.stop(), Forward{&source_}),
      thread_([this](const std::stop_token& over) { Watch(over); }) {}

absl::Status WarrantWatch::lapsed() const {
  base::MutexLock lock(mutex_);
  return lapsed_;
}

bool WarrantWatch::IsNews(const std::shared_ptr<const Task>& task) const {
  return task != task_ || warrants_.revision() != revision_;
}

absl::Status WarrantWatch::Ask(const std::shared_ptr<const Task>& task) {
  const auto* move = std::get_if<MoveTask>(&task->work);
  if (move == nullptr) return absl::OkStatus();
  const absl::StatusOr<Warranted> answer = warrants_.Check(*task, *move);
  if (!answer.ok()) return answer.status();
  if (move->send && answer->scan && !scanned_) {
    return base::WithReason(
        base::FailedPrecondition("the policy wants the site's release scan by now, and this began without"),
        "RELEASE_SCAN_DUE");
  }
  base::MutexLock lock(mutex_);
  task_ = task;
  revision_ = answer->revision;
  until_ = answer->until;
  return absl::OkStatus();
}

void WarrantWatch::Lapse(const absl::Status& status) {
  {
    base::MutexLock lock(mutex_);
    if (settled_ || !lapsed_.ok()) return;
    lapsed_ = status;
  }
  LOG_WARNING("what was moving no longer may", {{"task", control_.task()->id}, {"error", status.ToString()}});
  source_.request_stop();
}

void WarrantWatch::Watch(const std::stop_token& over) {
  bool refused = false;
  base::Steady refused_since;
  while (WaitUnlessStopped(over, pace_.look)) {
    const std::shared_ptr<const Task> task = control_.task();
    {
      base::MutexLock lock(mutex_);
      if (settled_ || source_.stop_requested()) return;
      const bool late = until_ < base::Instant::max() - pace_.late && clock_.Now() >= until_ + pace_.late;
      if (!IsNews(task) && !late) continue;
    }
    const absl::Status status = Ask(task);
    if (status.ok()) {
      refused = false;
      continue;
    }
    if (!std::exchange(refused, true)) refused_since = clock_.MonotonicNow();
    if (WantsNewerPapers(base::ReasonOf(status)) && clock_.MonotonicNow() - refused_since < pace_.papers) continue;
    return Lapse(status);
  }
}

absl::Status WarrantWatch::Settle() {
  const std::shared_ptr<const Task> task = control_.task();
  bool news = false;
  {
    base::MutexLock lock(mutex_);
    if (!lapsed_.ok()) return lapsed_;
    news = IsNews(task);
  }
  if (news) {
    const absl::Status status = Ask(task);
    // What only lacks newer papers the orchestrator decides at the commit, by those that are in force.
    if (!status.ok() && !WantsNewerPapers(base::ReasonOf(status))) Lapse(status);
  }
  base::MutexLock lock(mutex_);
  if (lapsed_.ok()) settled_ = true;
  return lapsed_;
}

}  // namespace crossdock::agent
