// Worklist decides what to start, change and stop when the orchestrator says what this agent should be doing.
//
// Pure: no threads, no clock, no gRPC. The session feeds it desired states, the runner tells it what ended. Bounded: it
// remembers the last kEndedMax moves that ended here, so that one attempt never runs twice.
// Not thread-safe; the session owns it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/core/tasks.h"

namespace crossdock::agent {

struct DesiredState {
  // Of the authority that speaks, as in an epoch: rises with each promotion or restore of the database.
  uint64_t generation = 0;
  uint64_t sequence = 0;  // rises within one session
  bool complete = false;  // tasks are all there is; otherwise they are added or changed, and `stopped` ended
  std::vector<Task> tasks;
  std::vector<std::string> stopped;
};

struct WorkOrders {
  std::vector<Task> start;
  std::vector<Task> update;  // already running, told differently: new tickets, another cap
  std::vector<std::string> stop;
};

class Worklist {
 public:
  static constexpr size_t kEndedMax = 1000;

  // What to do now. A task that is held and not named by a complete set is stopped, unless the set's generation is
  // below the task's; when that would stop more than half of what is held, nothing stops until a second complete set
  // says the same (confirmation_wanted), because a restored database must not stop a studio.
  WorkOrders Apply(const DesiredState& desired);
  // `task` has ended by itself, and its outcome is reported.
  void Ended(const std::string& task);
  // A new session: sequences start again, and a set that was waiting to be confirmed is void.
  void NewSession();

  // The sequence of the newest state applied in this session; 0: none.
  uint64_t sequence() const { return sequence_; }
  // The generation of the newest complete set applied.
  uint64_t generation() const { return generation_; }
  // The last complete set would stop more than half: the orchestrator is to send one more.
  bool confirmation_wanted() const { return !condemned_.empty(); }
  size_t held() const { return held_.size(); }

 private:
  struct Held {
    Task task;
    uint64_t generation = 0;  // the authority's that assigned it
  };

  void Take(const Task& task, uint64_t generation, WorkOrders& orders);
  void StopUnnamed(const DesiredState& desired, WorkOrders& orders);
  void Drop(const std::string& task, WorkOrders& orders);

  std::map<std::string, Held> held_;
  std::set<std::string> condemned_;  // unnamed by the last complete set, waiting for a second one
  std::set<std::string> ended_;      // moves that ran to their end here; a bounded memory with its order:
  std::deque<std::string> ended_order_;
  uint64_t sequence_ = 0;
  uint64_t generation_ = 0;
};

}  // namespace crossdock::agent
