#include "agent/core/task_runner.h"

#include <algorithm>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"

namespace crossdock::agent {

std::shared_ptr<const Task> TaskControl::task() const {
  base::MutexLock lock(mutex_);
  return task_;
}

std::string TaskControl::stop_reason() const {
  base::MutexLock lock(mutex_);
  return stop_reason_;
}

void TaskControl::OnUpdate(std::function<void(const Task&)> callback) {
  base::MutexLock lock(update_mutex_);
  on_update_ = std::move(callback);
}

void TaskControl::RequestStop(std::string_view reason) {
  {
    base::MutexLock lock(mutex_);
    if (stop_reason_.empty()) stop_reason_ = std::string(reason);
  }
  stop_.request_stop();
}

void TaskControl::Update(Task task) {
  auto changed = std::make_shared<const Task>(std::move(task));
  {
    base::MutexLock lock(mutex_);
    task_ = changed;
  }
  base::MutexLock lock(update_mutex_);
  if (on_update_) on_update_(*changed);
}

TaskRunner::TaskRunner(const TaskLimits& limits, TaskHandler& handler, const base::Clock& clock,
                       std::function<void(const std::string&)> on_ended)
    : limits_{limits.moves, limits.hashes, limits.others},
      handler_(handler),
      clock_(clock),
      on_ended_(std::move(on_ended)) {}

TaskRunner::~TaskRunner() { Shutdown("the agent ends"); }

TaskRunner::Lane TaskRunner::LaneOf(const Task& task) {
  if (std::holds_alternative<MoveTask>(task.work)) return Lane::kMoves;
  if (std::holds_alternative<HashTask>(task.work)) return Lane::kHashes;
  return Lane::kOthers;
}

void TaskRunner::Start(const Task& task) {
  std::shared_ptr<TaskControl> runs;
  {
    base::MutexLock lock(mutex_);
    if (shut_down_) return;
    const auto entry = entries_.find(task.id);
    if (entry == entries_.end()) {
      Enqueue(task);
      StartWaiting();
      return;
    }
    if (entry->second.stopping) {
      entry->second.again = std::make_unique<Task>(task);
      return;
    }
    runs = entry->second.control;
  }
  runs->Update(task);
}

void TaskRunner::Update(const Task& task) {
  std::shared_ptr<TaskControl> control;
  {
    base::MutexLock lock(mutex_);
    const auto entry = entries_.find(task.id);
    if (entry == entries_.end()) return;
    if (entry->second.again != nullptr) *entry->second.again = task;
    control = entry->second.control;
  }
  control->Update(task);
}

void TaskRunner::Stop(const std::string& task, std::string_view reason) {
  std::shared_ptr<TaskControl> control;
  {
    base::MutexLock lock(mutex_);
    const auto entry = entries_.find(task);
    if (entry == entries_.end()) return;
    entry->second.again.reset();
    if (!entry->second.running) {
      std::erase(waiting_[static_cast<size_t>(entry->second.lane)], task);
      entries_.erase(entry);
      return;
    }
    entry->second.stopping = true;
    control = entry->second.control;
  }
  control->RequestStop(reason);  // outside the lock: it runs the task's stop callbacks
}

void TaskRunner::Shutdown(std::string_view reason) {
  std::vector<std::shared_ptr<TaskControl>> controls;
  {
    base::MutexLock lock(mutex_);
    shut_down_ = true;
    for (auto& queue : waiting_) queue.clear();
    std::erase_if(entries_, [](const auto& entry) { return !entry.second.running; });
    for (auto& [id, entry] : entries_) {
      entry.stopping = true;
      entry.again.reset();
      controls.push_back(entry.control);
    }
  }
  for (const auto& control : controls) control->RequestStop(reason);
  threads_.JoinAll();
}

void TaskRunner::Enqueue(const Task& task) {
  Entry entry;
  entry.control = std::make_shared<TaskControl>(task);
  entry.lane = LaneOf(task);
  entry.status_before = clock_.MonotonicNow();
  waiting_[static_cast<size_t>(entry.lane)].push_back(task.id);
  entries_[task.id] = std::move(entry);
}

void TaskRunner::StartWaiting() {
  for (size_t lane = 0; lane < kLanes; ++lane) {
    while (!waiting_[lane].empty() && running_[lane] < limits_[lane]) {
      const std::string id = waiting_[lane].front();
      waiting_[lane].pop_front();
      Entry& entry = entries_.at(id);
      entry.running = true;
      ++running_[lane];
      threads_.Start([this, id, control = entry.control] { RunOne(id, control); });
    }
  }
}

void TaskRunner::RunOne(const std::string& id, const std::shared_ptr<TaskControl>& control) {
  const std::string kind(KindOf(*control->task()));
  LOG_INFO("task started", {{"task", id}, {"kind", kind}, {"transfer", control->task()->transfer}});
  const absl::Status outcome = handler_.Run(*control);
  LOG_INFO("task ended", {{"task", id},
                          {"kind", kind},
                          {"outcome", outcome.ok() ? "done" : base::ReasonOf(outcome)},
                          {"detail", base::ToStd(outcome.message())}});
  bool by_itself = false;
  {
    base::MutexLock lock(mutex_);
    const auto entry = entries_.find(id);
    by_itself = !entry->second.stopping;
    --running_[static_cast<size_t>(entry->second.lane)];
    std::unique_ptr<Task> again = std::move(entry->second.again);
    entries_.erase(entry);
    if (again != nullptr && !shut_down_) Enqueue(*again);
    if (!shut_down_) StartWaiting();
  }
  if (by_itself) on_ended_(id);
}

std::vector<TaskStatus> TaskRunner::Status() {
  const base::Steady now = clock_.MonotonicNow();
  std::vector<TaskStatus> all;
  base::MutexLock lock(mutex_);
  for (auto& [id, entry] : entries_) {
    if (entry.stopping && entry.again == nullptr) continue;
    TaskStatus status;
    status.id = id;
    status.phase = entry.control->phase_;
    status.bytes_done = entry.control->bytes_done_;
    status.files_done = entry.control->files_done_;
    status.epoch = EpochOf(*entry.control->task());
    const double seconds = std::chrono::duration<double>(now - entry.status_before).count();
    if (seconds > 0 && status.bytes_done >= entry.bytes_before) {
      status.bytes_per_second = static_cast<double>(status.bytes_done - entry.bytes_before) / seconds;
    }
    {
      base::MutexLock control(entry.control->mutex_);
      status.stages = SharesBetween(entry.stages_before, entry.control->stages_);
      entry.stages_before = entry.control->stages_;
    }
    entry.bytes_before = status.bytes_done;
    entry.status_before = now;
    all.push_back(std::move(status));
  }
  return all;
}

int TaskRunner::slots_free() const {
  base::MutexLock lock(mutex_);
  const auto lane = static_cast<size_t>(Lane::kMoves);
  return std::max(0, limits_[lane] - running_[lane] - static_cast<int>(waiting_[lane].size()));
}

}  // namespace crossdock::agent
