// TaskRunner runs tasks on threads of its own, each kind of work within its own bound, and knows how far each is.
//
// What a task does is a TaskHandler's, wired by main: this class knows nothing of transfers. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "agent/core/stage_times.h"
#include "agent/core/tasks.h"
#include "lib/base/clock.h"
#include "lib/base/crew.h"
#include "lib/base/mutex.h"

namespace crossdock::agent {

// What a running task is told, and what it tells. Thread-safe.
class TaskControl {
 public:
  explicit TaskControl(Task task) : task_(std::make_shared<const Task>(std::move(task))) {}

  // As the orchestrator said it last: caps, tickets, approvals may have changed since the start.
  std::shared_ptr<const Task> task() const;
  // Asked to end; stop_reason says why. Works with std::stop_callback, to break a wait.
  std::stop_token stop() const { return stop_.get_token(); }
  std::string stop_reason() const;
  // Called, from the runner's caller, whenever task() has changed; an empty one removes it. Returns when no call is
  // under way any more.
  void OnUpdate(std::function<void(const Task&)> callback);

  void SetPhase(TaskPhase phase) { phase_ = phase; }
  // Since the attempt began.
  void SetStages(const StageSums& stages) {
    base::MutexLock lock(mutex_);
    stages_ = stages;
  }
  void SetProgress(uint64_t bytes_done, uint64_t files_done) {
    bytes_done_ = bytes_done;
    files_done_ = files_done;
  }

 private:
  friend class TaskRunner;
  void RequestStop(std::string_view reason);
  void Update(Task task);

  mutable base::Mutex mutex_;
  std::shared_ptr<const Task> task_ ABSL_GUARDED_BY(mutex_);
  std::string stop_reason_ ABSL_GUARDED_BY(mutex_);
  StageSums stages_ ABSL_GUARDED_BY(mutex_){};
  base::Mutex update_mutex_;  // held while the callback runs
  std::function<void(const Task&)> on_update_ ABSL_GUARDED_BY(update_mutex_);
  std::stop_source stop_;
  std::atomic<TaskPhase> phase_{TaskPhase::kStarting};
  std::atomic<uint64_t> bytes_done_{0};
  std::atomic<uint64_t> files_done_{0};
};

class TaskHandler {
 public:
  virtual ~TaskHandler() = default;
  // Does the whole task and reports its outcome to the orchestrator itself; the status is for the log. Called on one
  // thread a task, several at once; must return soon after control.stop() is requested.
  virtual absl::Status Run(TaskControl& control) = 0;
};

struct TaskStatus {
  std::string id;
  TaskPhase phase = TaskPhase::kStarting;
  uint64_t bytes_done = 0;
  uint64_t files_done = 0;
  double bytes_per_second = 0;  // since the status before
  StageShares stages{};         // since the status before
  Epoch epoch;
};

// How much runs at once; what is above waits its turn, and is reported as starting.
struct TaskLimits {
  int moves = 4;   // send, receive
  int hashes = 1;  // hash
  int others = 4;  // scan, clean, finish: short, and somebody waits for them
};

class TaskRunner {
 public:
  // `on_ended` is called with the id of each task that ended by itself, on its thread; it must be quick. Everything
  // outlives the runner.
  TaskRunner(const TaskLimits& limits, TaskHandler& handler, const base::Clock& clock,
             std::function<void(const std::string& task)> on_ended);
  ~TaskRunner();

  // Starts, or queues. A task that is still being stopped starts again once it has ended; one that runs is updated.
  void Start(const Task& task);
  void Update(const Task& task);
  // Asks a task to end; one that waits is forgotten. on_ended is not called for it.
  void Stop(const std::string& task, std::string_view reason);
  // Stops all and waits for them. Nothing starts any more.
  void Shutdown(std::string_view reason);

  // Every task held and not told to stop, waiting ones included.
  std::vector<TaskStatus> Status();
  // Moves that could start at once.
  int slots_free() const;

 private:
  enum class Lane { kMoves, kHashes, kOthers };
  static constexpr int kLanes = 3;
  struct Entry {
    std::shared_ptr<TaskControl> control;
    Lane lane = Lane::kOthers;
    bool running = false;
    bool stopping = false;
    std::unique_ptr<Task> again;  // to start when this one has ended
    uint64_t bytes_before = 0;    // at the status before, for the rate
    StageSums stages_before{};
    base::Steady status_before;
  };

  static Lane LaneOf(const Task& task);
  void Enqueue(const Task& task) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void StartWaiting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RunOne(const std::string& id, const std::shared_ptr<TaskControl>& control);

  const std::array<int, kLanes> limits_;
  TaskHandler& handler_;
  const base::Clock& clock_;
  const std::function<void(const std::string&)> on_ended_;
  mutable base::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::array<std::deque<std::string>, kLanes> waiting_ ABSL_GUARDED_BY(mutex_);
  std::array<int, kLanes> running_ ABSL_GUARDED_BY(mutex_){};
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  base::Crew threads_;
};

}  // namespace crossdock::agent
