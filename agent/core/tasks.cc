#include "agent/core/tasks.h"

namespace crossdock::agent {
namespace {

struct Epochs {
  Epoch operator()(const ScanTask&) const { return {}; }
  Epoch operator()(const HashTask&) const { return {}; }
  Epoch operator()(const MoveTask& move) const { return move.epoch; }
  Epoch operator()(const CleanTask& clean) const { return clean.epoch; }
  Epoch operator()(const FinishTask& finish) const { return finish.epoch; }
};

struct Kinds {
  std::string_view operator()(const ScanTask&) const { return "scan"; }
  std::string_view operator()(const HashTask&) const { return "hash"; }
  std::string_view operator()(const MoveTask& move) const { return move.send ? "send" : "receive"; }
  std::string_view operator()(const CleanTask&) const { return "clean"; }
  std::string_view operator()(const FinishTask&) const { return "finish"; }
};

}  // namespace

Epoch EpochOf(const Task& task) { return std::visit(Epochs{}, task.work); }

std::string_view KindOf(const Task& task) { return std::visit(Kinds{}, task.work); }

}  // namespace crossdock::agent
