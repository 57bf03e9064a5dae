#include "agent/core/task_runner.h"

#include <condition_variable>
#include <mutex>
#include <set>

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

// Each task runs until the test releases it, or it is stopped.
class Gatekeeper : public TaskHandler {
 public:
  absl::Status Run(TaskControl& control) override {
    const std::string id = control.task()->id;
    std::unique_lock lock(mutex_);
    std::stop_callback wake(control.stop(), [this] { changed_.notify_all(); });
    ++runs_[id];
    running_.insert(id);
    changed_.notify_all();
    changed_.wait(lock, [&] { return released_.contains(id) || control.stop().stop_requested(); });
    running_.erase(id);
    changed_.notify_all();
    return absl::OkStatus();
  }
  void Release(const std::string& id) {
    std::lock_guard lock(mutex_);
    released_.insert(id);
    changed_.notify_all();
  }
  bool Runs(const std::string& id, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(5),
                             [&] { return running_.contains(id) && runs_[id] == times; });
  }
  std::set<std::string> running() {
    std::lock_guard lock(mutex_);
    return running_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::set<std::string> running_, released_;
  std::map<std::string, int> runs_;
};

Task Move(const std::string& id) { return {id, "t-" + id, MoveTask{}}; }
Task Scan(const std::string& id) { return {id, "t-" + id, ScanTask{}}; }

struct Ended {
  std::mutex mutex;
  std::condition_variable changed;
  std::set<std::string> ids;
  bool Wait(const std::string& id) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(5), [&] { return ids.contains(id); });
  }
};

struct Bench {
  Gatekeeper handler;
  base::SystemClock clock;
  Ended ended;
  TaskRunner runner{TaskLimits{2, 1, 1}, handler, clock, [this](const std::string& id) {
                      std::lock_guard lock(ended.mutex);
                      ended.ids.insert(id);
                      ended.changed.notify_all();
                    }};
};

TEST_CASE("no more moves run than there are slots, and the next starts when one ends", "[runner]") {
  Bench bench;
  for (const char* id : {"a", "b", "c"}) bench.runner.Start(Move(id));
  REQUIRE(bench.handler.Runs("a"));
  REQUIRE(bench.handler.Runs("b"));
  CHECK(bench.handler.running() == std::set<std::string>{"a", "b"});
  CHECK(bench.runner.slots_free() == 0);
  CHECK(bench.runner.Status().size() == 3);  // the waiting one is reported too
  bench.handler.Release("a");
  CHECK(bench.handler.Runs("c"));
  CHECK(bench.ended.Wait("a"));
}

TEST_CASE("a scan does not wait for moves", "[runner]") {
  Bench bench;
  for (const char* id : {"a", "b", "c"}) bench.runner.Start(Move(id));
  bench.runner.Start(Scan("s"));
  CHECK(bench.handler.Runs("s"));
}

TEST_CASE("a stopped task ends, is not reported and not said to have ended by itself", "[runner]") {
  Bench bench;
  bench.runner.Start(Move("a"));
  REQUIRE(bench.handler.Runs("a"));
  bench.runner.Stop("a", "cancelled");
  CHECK(bench.runner.Status().empty());
  bench.runner.Shutdown("end");
  CHECK(bench.handler.running().empty());
  CHECK_FALSE(bench.ended.ids.contains("a"));
}

TEST_CASE("a task that is wanted again while it is being stopped runs again", "[runner]") {
  Bench bench;
  bench.runner.Start(Move("a"));
  REQUIRE(bench.handler.Runs("a", 1));
  bench.runner.Stop("a", "cancelled");
  bench.runner.Start(Move("a"));
  CHECK(bench.handler.Runs("a", 2));
}

TEST_CASE("an update reaches the task that runs", "[runner]") {
  Bench bench;
  TaskControl control(Move("a"));
  bench.runner.Start(Move("a"));
  REQUIRE(bench.handler.Runs("a"));
  Task slower = Move("a");
  std::get<MoveTask>(slower.work).bytes_per_second_max = 7;
  std::get<MoveTask>(slower.work).epoch = {3, 4};
  bench.runner.Update(slower);
  CHECK(bench.runner.Status().at(0).epoch == Epoch{3, 4});
}

TEST_CASE("a waiting task that is stopped never runs", "[runner]") {
  Bench bench;
  for (const char* id : {"a", "b", "c"}) bench.runner.Start(Move(id));
  REQUIRE(bench.handler.Runs("a"));
  REQUIRE(bench.handler.Runs("b"));
  bench.runner.Stop("c", "cancelled");
  bench.handler.Release("a");
  REQUIRE(bench.ended.Wait("a"));
  CHECK(bench.runner.slots_free() == 1);
  CHECK_FALSE(bench.handler.running().contains("c"));
}

}  // namespace
}  // namespace crossdock::agent
