#include "orchestrator/api/agent_sessions.h"

#include <atomic>

#include "catch2/catch.hpp"
#include "tests/support/fake_agent_desk.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = crossdock::agent::v1;
using std::chrono::seconds;

class ManualClock : public base::Clock {
 public:
  base::Instant Now() const override { return base::Instant(seconds(1'000'000) + offset()); }
  base::Steady MonotonicNow() const override { return base::Steady(seconds(1'000) + offset()); }
  void Advance(std::chrono::milliseconds by) { offset_ += by.count(); }

 private:
  std::chrono::milliseconds offset() const { return std::chrono::milliseconds(offset_.load()); }
  std::atomic<int64_t> offset_{0};
};

class RecordingStream : public AgentStream {
 public:
  void Send(const v1::ConnectResponse& message) override {
    base::MutexLock lock(mutex_);
    messages_.push_back(message);
    changed_.NotifyAll();
  }
  void End(const absl::Status& status) override {
    base::MutexLock lock(mutex_);
    end_ = status;
    changed_.NotifyAll();
  }
  // The next message; dies (in REQUIRE) when none comes.
  v1::ConnectResponse Next() {
    base::MutexLock lock(mutex_);
    for (int i = 0; i < 500 && messages_.size() <= next_; ++i) changed_.WaitFor(mutex_, std::chrono::milliseconds(10));
    REQUIRE(messages_.size() > next_);
    return messages_[next_++];
  }
  v1::DesiredState NextDesired() {
    while (true) {
      const v1::ConnectResponse message = Next();
      if (message.has_desired()) return message.desired();
    }
  }
  std::string EndReason() {
    base::MutexLock lock(mutex_);
    for (int i = 0; i < 500 && !end_.has_value(); ++i) changed_.WaitFor(mutex_, std::chrono::milliseconds(10));
    REQUIRE(end_.has_value());
    return base::ReasonOf(*end_);
  }
  bool ended() {
    base::MutexLock lock(mutex_);
    return end_.has_value();
  }

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<v1::ConnectResponse> messages_;
  size_t next_ = 0;
  std::optional<absl::Status> end_;
};

Task Scan(const std::string& id) { return {id, "t-" + id, ScanTask{{"proj", "a"}, 1}}; }
Task Move(const std::string& id) {
  MoveTask move;
  move.epoch = {1, 1};
  return {id, "t-" + id, move};
}
std::vector<std::string> Names(const v1::DesiredState& desired) {
  std::vector<std::string> names;
  for (const v1::Task& task : desired.tasks()) names.push_back(task.task());
  return names;
}
using List = std::vector<std::string>;

struct Bench {
  testing::FakeAgentDesk desk;
  Fleet fleet;
  ManualClock clock;
  base::SystemRandom random;
  AgentSessions sessions{desk, fleet, clock, random, {}};

  uint64_t Open(const std::shared_ptr<RecordingStream>& stream, uint64_t counter, const std::string& spki = "aa",
                seconds certificate_life = std::chrono::hours(12)) {
    const uint64_t session = sessions.Open({"lon-1", "lon", spki, clock.Now() + certificate_life}, stream);
    v1::ConnectRequest request;
    request.mutable_hello()->set_protocol_version(1);
    request.mutable_hello()->set_session_counter(counter);
    sessions.Received(session, request);
    return session;
  }
  void Report(uint64_t session, uint64_t sequence, const List& tasks, bool complete_set_wanted = false) {
    v1::ConnectRequest request;
    v1::AgentReport& report = *request.mutable_report();
    report.set_desired_sequence(sequence);
    report.set_complete_set_wanted(complete_set_wanted);
    for (const std::string& task : tasks) report.add_tasks()->set_task(task);
    sessions.Received(session, request);
  }
};

TEST_CASE("an agent that connects hears hello, trust, and all that it should be doing", "[sessions]") {
  Bench bench;
  bench.desk.Want("lon-1", {Scan("a"), Move("b")}, 7);
  const auto stream = std::make_shared<RecordingStream>();
  bench.Open(stream, 1);
  CHECK(stream->Next().has_hello());
  CHECK(stream->Next().trust().roster_body() == "body");
  const v1::DesiredState desired = stream->Next().desired();
  CHECK(desired.complete());
  CHECK(desired.generation() == 7);
  CHECK(Names(desired) == List{"a", "b"});
  CHECK(bench.fleet.Find("lon-1")->online);
}

TEST_CASE("after a wake-up only the difference is sent", "[sessions]") {
  Bench bench;
  bench.desk.Want("lon-1", {Scan("a"), Scan("b")});
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1);
  stream->NextDesired();
  bench.Report(session, 1, {"a", "b"});
  Task changed = Move("c");
  bench.desk.Want("lon-1", {Scan("a"), changed});
  bench.sessions.Wake("lon-1");
  const v1::DesiredState delta = stream->NextDesired();
  CHECK_FALSE(delta.complete());
  CHECK(Names(delta) == List{"c"});
  CHECK(List(delta.stopped().begin(), delta.stopped().end()) == List{"b"});
  std::get<MoveTask>(changed.work).bytes_per_second_max = 9;
  bench.desk.Want("lon-1", {Scan("a"), changed});
  bench.sessions.Wake("lon-1");
  CHECK(Names(stream->NextDesired()) == List{"c"});
}

TEST_CASE("the report renews the leases of the moves that it names, and of nothing else", "[sessions]") {
  Bench bench;
  bench.desk.Want("lon-1", {Scan("a"), Move("b"), Move("c")});
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1);
  stream->NextDesired();
  bench.Report(session, 1, {"a", "b", "stranger"});
  REQUIRE(bench.desk.WaitFor("renew lon-1 t-b"));
  CHECK(bench.desk.calls() == List{"begin lon-1 1", "renew lon-1 t-b"});
}

TEST_CASE("what the set names and the agent does not report is sent again", "[sessions]") {
  Bench bench;
  bench.desk.Want("lon-1", {Scan("a"), Scan("b")});
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1);
  stream->NextDesired();
  bench.Report(session, 0, {});  // has not applied the set yet: nothing is lost
  bench.Report(session, 1, {"a"});
  const v1::DesiredState again = stream->NextDesired();
  CHECK(again.sequence() == 2);
  CHECK(Names(again) == List{"b"});
}

TEST_CASE("what an agent still runs and nobody wants is stopped", "[sessions]") {
  Bench bench;
  bench.desk.Want("lon-1", {Scan("a")});
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1);
  stream->NextDesired();
  bench.Report(session, 1, {"a", "old"});
  const v1::DesiredState delta = stream->NextDesired();
  CHECK(List(delta.stopped().begin(), delta.stopped().end()) == List{"old"});
}

TEST_CASE("an agent that asks for confirmation gets a second complete set", "[sessions]") {
  Bench bench;
  bench.desk.Want("lon-1", {Scan("a")});
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1);
  stream->NextDesired();
  bench.Report(session, 1, {"a", "x", "y", "z"}, true);
  const v1::DesiredState second = stream->NextDesired();
  CHECK(second.complete());
  CHECK(second.sequence() == 2);
}

TEST_CASE("a second session of the same agent replaces the first", "[sessions]") {
  Bench bench;
  const auto first = std::make_shared<RecordingStream>();
  const auto second = std::make_shared<RecordingStream>();
  bench.Open(first, 1);
  first->NextDesired();
  bench.Open(second, 2);
  second->NextDesired();
  CHECK(first->EndReason() == "SESSION_REPLACED");
  CHECK_FALSE(second->ended());
  CHECK(bench.fleet.Find("lon-1")->online);
}

TEST_CASE("T-46: a copy of an agent, whose counter lags behind, is turned away and the real one stays", "[sessions]") {
  Bench bench;
  const auto real = std::make_shared<RecordingStream>();
  const auto copy = std::make_shared<RecordingStream>();
  bench.Open(real, 5);
  real->NextDesired();
  bench.Open(copy, 5);
  CHECK(copy->EndReason() == "AGENT_CLONED");
  CHECK_FALSE(real->ended());
}

TEST_CASE("T-04, T-05: a session ends by age, silence, certificate or a denied key", "[sessions]") {
  Bench bench;
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1, "bad");
  stream->NextDesired();
  SECTION("silence of a lease") {
    bench.clock.Advance(seconds(21));
    bench.sessions.Tick().IgnoreError();
    CHECK(stream->EndReason() == "SILENT");
    CHECK_FALSE(bench.fleet.Find("lon-1")->online);
  }
  SECTION("age, 30 minutes give or take a fifth") {
    for (int minute = 0; minute < 24 * 6 - 1; ++minute) {
      bench.clock.Advance(seconds(10));
      bench.Report(session, 1, {});
      bench.sessions.Tick().IgnoreError();
    }
    CHECK_FALSE(stream->ended());
    bench.clock.Advance(seconds(12 * 60 + 10));
    bench.Report(session, 1, {});
    bench.sessions.Tick().IgnoreError();
    CHECK(stream->EndReason() == "AGE");
  }
  SECTION("the certificate's end, in that second") {
    const auto brief = std::make_shared<RecordingStream>();
    const uint64_t other = bench.Open(brief, 2, "bad", seconds(15));
    brief->NextDesired();
    bench.clock.Advance(seconds(14));
    bench.Report(other, 1, {});
    bench.sessions.Tick().IgnoreError();
    CHECK_FALSE(brief->ended());
    bench.clock.Advance(seconds(1));
    bench.sessions.Tick().IgnoreError();
    CHECK(brief->EndReason() == "CERTIFICATE_EXPIRED");
  }
  SECTION("a denied key, within two polls") {
    bench.desk.Deny("bad");
    bench.clock.Advance(seconds(2));
    bench.sessions.Tick().IgnoreError();
    CHECK(stream->EndReason() == "KEY_DENIED");
  }
}

TEST_CASE("a new roster reaches the agents of the site without their asking", "[sessions]") {
  Bench bench;
  const auto stream = std::make_shared<RecordingStream>();
  bench.Open(stream, 1);
  stream->NextDesired();
  bench.desk.SetTrust({"body 2", "statement 2", "", "", {}, {}, {}});
  bench.clock.Advance(seconds(3));
  bench.sessions.Tick().IgnoreError();
  CHECK(stream->Next().trust().roster_body() == "body 2");
}

TEST_CASE("an agent that was away while officers changed is brought from the roster that it holds", "[sessions]") {
  Bench bench;
  bench.desk.SetSteps(3, {{4, "body 4", "statement 4"}});
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.sessions.Open({"lon-1", "lon", "aa", bench.clock.Now() + std::chrono::hours(1)}, stream);
  v1::ConnectRequest request;
  request.mutable_hello()->set_protocol_version(1);
  request.mutable_hello()->set_session_counter(1);
  request.mutable_hello()->set_roster_number(3);
  bench.sessions.Received(session, request);
  stream->Next();
  const v1::TrustUpdate trust = stream->Next().trust();
  CHECK(trust.roster_body() == "body");
  REQUIRE(trust.roster_steps().size() == 1);
  CHECK(trust.roster_steps(0).number() == 4);
  CHECK(trust.roster_steps(0).body() == "body 4");
  CHECK(trust.roster_steps(0).statement() == "statement 4");
}

TEST_CASE("an agent that comes back after a while hears what is true then", "[sessions]") {
  Bench bench;
  const auto before = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(before, 1);
  before->NextDesired();
  bench.sessions.Closed(session);
  bench.desk.SetTrust({"body 2", "statement 2", "", "", {}, {}, {}});
  const auto after = std::make_shared<RecordingStream>();
  bench.Open(after, 2);
  after->Next();
  CHECK(after->Next().trust().roster_body() == "body 2");
}

TEST_CASE("while the database is away the session stays, and the next poll catches up", "[sessions]") {
  Bench bench;
  const auto stream = std::make_shared<RecordingStream>();
  const uint64_t session = bench.Open(stream, 1);
  stream->NextDesired();
  bench.desk.Fail(base::Unavailable("no database"));
  bench.desk.Want("lon-1", {Scan("a")});
  bench.Report(session, 1, {});
  bench.sessions.Wake("lon-1");
  bench.desk.Fail(absl::OkStatus());
  bench.clock.Advance(seconds(11));
  bench.sessions.Tick().IgnoreError();
  CHECK(Names(stream->NextDesired()) == List{"a"});
  CHECK_FALSE(stream->ended());
}

}  // namespace
}  // namespace crossdock::orchestrator::api
