#include "agent/core/worklist.h"

#include "catch2/catch.hpp"

namespace crossdock::agent {
namespace {

Task Scan(const std::string& id) { return {id, "t-" + id, ScanTask{{"proj", "a", {}}, 1, false}}; }
Task Move(const std::string& id, uint64_t generation = 1) {
  MoveTask move;
  move.epoch = {generation, 1};
  return {id, "t-" + id, move};
}
DesiredState Complete(uint64_t generation, uint64_t sequence, std::vector<Task> tasks) {
  return {generation, sequence, true, std::move(tasks), {}};
}
std::vector<std::string> Ids(const std::vector<Task>& tasks) {
  std::vector<std::string> ids;
  for (const Task& task : tasks) ids.push_back(task.id);
  return ids;
}
using List = std::vector<std::string>;

TEST_CASE("what a set names and the agent does not run is started, once", "[worklist]") {
  Worklist worklist;
  CHECK(Ids(worklist.Apply(Complete(1, 1, {Scan("a"), Move("b")})).start) == List{"a", "b"});
  CHECK(worklist.Apply(Complete(1, 2, {Scan("a"), Move("b")})).start.empty());
  CHECK(worklist.sequence() == 2);
}

TEST_CASE("a task that is told differently is updated, not started again", "[worklist]") {
  Worklist worklist;
  worklist.Apply(Complete(1, 1, {Move("b")}));
  Task capped = Move("b");
  std::get<MoveTask>(capped.work).bytes_per_second_max = 1000;
  const WorkOrders orders = worklist.Apply({1, 2, false, {capped}, {}});
  CHECK(orders.start.empty());
  CHECK(Ids(orders.update) == List{"b"});
}

TEST_CASE("a delta stops what it says and nothing else", "[worklist]") {
  Worklist worklist;
  worklist.Apply(Complete(1, 1, {Scan("a"), Scan("b"), Scan("c")}));
  const WorkOrders orders = worklist.Apply({1, 2, false, {}, {"b"}});
  CHECK(orders.stop == List{"b"});
  CHECK(worklist.held() == 2);
}

TEST_CASE("a complete set stops what it does not name", "[worklist]") {
  Worklist worklist;
  worklist.Apply(Complete(1, 1, {Scan("a"), Scan("b"), Scan("c")}));
  CHECK(worklist.Apply(Complete(1, 2, {Scan("a"), Scan("b")})).stop == List{"c"});
}

TEST_CASE("a set that would stop more than half stops nothing until a second one says the same", "[worklist]") {
  Worklist worklist;
  worklist.Apply(Complete(1, 1, {Scan("a"), Scan("b"), Scan("c")}));
  CHECK(worklist.Apply(Complete(1, 2, {Scan("a"), Scan("new")})).stop.empty());
  CHECK(worklist.confirmation_wanted());
  SECTION("and it does") {
    CHECK(worklist.Apply(Complete(1, 3, {Scan("a"), Scan("new")})).stop == List{"b", "c"});
    CHECK_FALSE(worklist.confirmation_wanted());
  }
  SECTION("or it names them again") {
    CHECK(worklist.Apply(Complete(1, 3, {Scan("a"), Scan("b"), Scan("c")})).stop == List{"new"});
    CHECK_FALSE(worklist.confirmation_wanted());
  }
  SECTION("a new session starts the confirming anew") {
    worklist.NewSession();
    CHECK(worklist.Apply(Complete(1, 1, {Scan("a"), Scan("new")})).stop == List{"b", "c"});
  }
}

TEST_CASE("a set of an older generation stops nothing that a newer one assigned", "[worklist]") {
  Worklist worklist;
  worklist.Apply(Complete(5, 1, {Move("a", 5), Scan("b"), Scan("c")}));
  CHECK(worklist.Apply(Complete(4, 2, {Scan("b"), Scan("c")})).stop.empty());
  CHECK(worklist.Apply({4, 3, false, {}, {"a"}}).stop.empty());
  CHECK(worklist.Apply(Complete(5, 4, {Scan("b"), Scan("c")})).stop == List{"a"});
}

TEST_CASE("an attempt that ended here never runs a second time", "[worklist]") {
  Worklist worklist;
  worklist.Apply(Complete(1, 1, {Move("a"), Scan("s")}));
  worklist.Ended("a");
  worklist.Ended("s");
  CHECK(Ids(worklist.Apply(Complete(1, 2, {Move("a"), Scan("s")})).start) == List{"s"});
}

TEST_CASE("the memory of ended attempts is bounded", "[worklist]") {
  Worklist worklist;
  for (size_t i = 0; i <= Worklist::kEndedMax; ++i) {
    const std::string id = "m" + std::to_string(i);
    worklist.Apply({1, i + 1, false, {Move(id)}, {}});
    worklist.Ended(id);
  }
  CHECK(Ids(worklist.Apply({1, 9999, false, {Move("m0"), Move("m1")}, {}}).start) == List{"m0"});
}

}  // namespace
}  // namespace crossdock::agent
