#include "agent/core/worklist.h"

#include <algorithm>

namespace crossdock::agent {
namespace {

bool IsMove(const Task& task) { return std::holds_alternative<MoveTask>(task.work); }

}  // namespace

WorkOrders Worklist::Apply(const DesiredState& desired) {
  WorkOrders orders;
  for (const Task& task : desired.tasks) Take(task, desired.generation, orders);
  for (const std::string& task : desired.stopped) {
    const auto held = held_.find(task);
    if (held != held_.end() && desired.generation >= held->second.generation) Drop(task, orders);
  }
  if (desired.complete) {
    StopUnnamed(desired, orders);
    generation_ = std::max(generation_, desired.generation);
  }
  sequence_ = std::max(sequence_, desired.sequence);
  return orders;
}

void Worklist::Take(const Task& task, uint64_t generation, WorkOrders& orders) {
  const auto held = held_.find(task.id);
  if (held != held_.end()) {
    if (!(held->second.task == task)) orders.update.push_back(task);
    held->second.task = task;
    held->second.generation = std::max(held->second.generation, generation);
    return;
  }
  // Its outcome is on the way or known: what comes next has a new epoch, and with it a new id.
  if (ended_.contains(task.id)) return;
  held_[task.id] = {task, std::max(generation, EpochOf(task).generation)};
  orders.start.push_back(task);
}

void Worklist::StopUnnamed(const DesiredState& desired, WorkOrders& orders) {
  std::set<std::string> named;
  for (const Task& task : desired.tasks) named.insert(task.id);
  std::set<std::string> unnamed;
  for (const auto& [id, held] : held_) {
    if (!named.contains(id) && desired.generation >= held.generation) unnamed.insert(id);
  }
  std::set<std::string> confirmed;
  std::set_intersection(unnamed.begin(), unnamed.end(), condemned_.begin(), condemned_.end(),
                        std::inserter(confirmed, confirmed.end()));
  const size_t before = held_.size() - orders.start.size();
  if (unnamed.size() * 2 > before && confirmed != unnamed) {
    condemned_ = std::move(unnamed);
    return;
  }
  condemned_.clear();
  for (const std::string& task : unnamed) Drop(task, orders);
}

void Worklist::Drop(const std::string& task, WorkOrders& orders) {
  orders.stop.push_back(task);
  held_.erase(task);
  condemned_.erase(task);
}

void Worklist::Ended(const std::string& task) {
  const auto held = held_.find(task);
  if (held == held_.end()) return;
  condemned_.erase(task);
  if (IsMove(held->second.task) && ended_.insert(task).second) {
    ended_order_.push_back(task);
    if (ended_order_.size() > kEndedMax) {
      ended_.erase(ended_order_.front());
      ended_order_.pop_front();
    }
  }
  held_.erase(held);
}

void Worklist::NewSession() {
  sequence_ = 0;
  condemned_.clear();
}

}  // namespace crossdock::agent
