// TaskBoard joins what should run (Worklist) with what does run (TaskRunner), for the session that reports it.
// Thread-safe.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "agent/core/task_runner.h"
#include "agent/core/worklist.h"

namespace crossdock::agent {

struct BoardReport {
  std::vector<TaskStatus> tasks;  // all that runs or waits
  uint64_t desired_generation = 0;
  uint64_t desired_sequence = 0;
  bool complete_set_wanted = false;
  int slots_free = 0;
};

class TaskBoard {
 public:
  // `handler` and `clock` outlive the board.
  TaskBoard(const TaskLimits& limits, TaskHandler& handler, const base::Clock& clock);

  // Called, on a task's thread, when a task has ended by itself; must be quick. An empty one removes it.
  void OnEnded(std::function<void()> callback);
  void NewSession();
  void Apply(const DesiredState& desired);
  BoardReport Report();
  // Stops everything and waits.
  void Shutdown(std::string_view reason) { runner_.Shutdown(reason); }

 private:
  void Ended(const std::string& task);

  base::Mutex mutex_;
  Worklist worklist_ ABSL_GUARDED_BY(mutex_);
  base::Mutex callback_mutex_;
  std::function<void()> on_ended_ ABSL_GUARDED_BY(callback_mutex_);
  TaskRunner runner_;  // last: its threads use the rest
};

}  // namespace crossdock::agent
