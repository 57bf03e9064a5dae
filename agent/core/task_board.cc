#include "agent/core/task_board.h"

#include <utility>

#include "lib/base/log.h"

namespace crossdock::agent {

TaskBoard::TaskBoard(const TaskLimits& limits, TaskHandler& handler, const base::Clock& clock)
    : runner_(limits, handler, clock, [this](const std::string& task) { Ended(task); }) {}

void TaskBoard::OnEnded(std::function<void()> callback) {
  base::MutexLock lock(callback_mutex_);
  on_ended_ = std::move(callback);
}

void TaskBoard::NewSession() {
  base::MutexLock lock(mutex_);
  worklist_.NewSession();
}

void TaskBoard::Apply(const DesiredState& desired) {
  // The lock stays over the runner's calls: two desired states must not overtake each other.
  base::MutexLock lock(mutex_);
  const WorkOrders orders = worklist_.Apply(desired);
  for (const std::string& task : orders.stop) runner_.Stop(task, "the orchestrator no longer wants it");
  for (const Task& task : orders.update) runner_.Update(task);
  for (const Task& task : orders.start) runner_.Start(task);
  if (worklist_.confirmation_wanted()) {
    LOG_WARNING("the complete set would stop more than half of what runs; asking for a second one",
                {{"held", worklist_.held()}, {"named", desired.tasks.size()}});
  }
}

BoardReport TaskBoard::Report() {
  base::MutexLock lock(mutex_);
  BoardReport report;
  report.tasks = runner_.Status();
  report.desired_generation = worklist_.generation();
  report.desired_sequence = worklist_.sequence();
  report.complete_set_wanted = worklist_.confirmation_wanted();
  report.slots_free = runner_.slots_free();
  return report;
}

void TaskBoard::Ended(const std::string& task) {
  {
    base::MutexLock lock(mutex_);
    worklist_.Ended(task);
  }
  base::MutexLock lock(callback_mutex_);
  if (on_ended_) on_ended_();
}

}  // namespace crossdock::agent
