// AgentSessions is every agent's stream, without gRPC: what comes in, what goes out, when it ends.
//
// A stream hands its messages in and returns at once; a few threads of its own ask the desk (which waits for the
// database) and send the answers. One session is never worked on by two threads. Thread-safe.
//
// Bounded: of reports only the newest waits; a session that falls silent, gets too old, outlives its certificate, is
// replaced or whose key is denied is ended here.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "crossdock/agent/v1/session.pb.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"
#include "orchestrator/core/agent_desk.h"
#include "orchestrator/core/fleet.h"

namespace crossdock::orchestrator::api {

// The way back to one agent. Both calls return at once, from any thread; after End nothing is sent any more.
class AgentStream {
 public:
  virtual ~AgentStream() = default;
  virtual void Send(const crossdock::agent::v1::ConnectResponse& message) = 0;
  virtual void End(const absl::Status& status) = 0;
};

// Who opened it, from its certificate.
struct AgentCaller {
  std::string agent;
  std::string site;
  std::string spki;  // lower hex
  base::Instant certificate_ends;
};

struct SessionOptions {
  std::string orchestrator = "orchestrator";  // our name, for the agents' logs
  std::chrono::milliseconds report_interval{2'000};
  std::chrono::milliseconds lease{20'000};
  std::chrono::milliseconds age_max{30 * 60'000};  // ± age_spread, so that not all come back at once
  double age_spread = 0.2;
  std::chrono::milliseconds hello_wait{10'000};
  std::chrono::milliseconds poll{10'000};       // looks at the database without a wake-up, too
  std::chrono::milliseconds trust_poll{2'000};  // roster, bundles, denied keys
  std::chrono::milliseconds witness_poll{2'000};
  int threads = 4;
};

class AgentSessions {
 public:
  // Everything outlives the sessions.
  AgentSessions(AgentDesk& desk, Fleet& fleet, const base::Clock& clock, base::Random& random,
                const SessionOptions& options, WitnessDesk* witnesses = nullptr);
  ~AgentSessions();

  // A stream opened; gives the session's number. `stream` is kept until the session has ended.
  uint64_t Open(const AgentCaller& caller, std::shared_ptr<AgentStream> stream);
  void Received(uint64_t session, const crossdock::agent::v1::ConnectRequest& message);
  // The stream is gone, from whatever side.
  void Closed(uint64_t session);

  // What `agent` should be doing may have changed.
  void Wake(std::string_view agent);
  // The duty of a clock, each second or so: polls and ends what is over.
  absl::Status Tick();
  // Ends every session with a hint to come back, and the threads. Idempotent.
  void Stop();

 private:
  struct Session;

  void Enqueue(const std::shared_ptr<Session>& session) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Work();
  // The parts of one turn; on the thread that holds the session's turn.
  void TakeTurn(Session& session);
  absl::Status Begin(Session& session, const crossdock::agent::v1::AgentHello& hello);
  absl::Status TakeReport(Session& session, const crossdock::agent::v1::AgentReport& report);
  absl::Status SendDesired(Session& session, bool complete, const std::set<std::string>& lost);
  absl::Status SendTrust(Session& session);
  absl::Status AskWitness(Session& session);
  absl::StatusOr<SiteTrust> TrustOf(const std::string& site);
  void Replace(const Session& by);
  void End(Session& session, const absl::Status& status);
  absl::Status PollTrust();
  // Of a site that nobody is connected from, no trust is read: what was kept would be old when somebody comes.
  void ForgetAbsentSites() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status WhyOver(const Session& session, base::Instant now, base::Steady steady) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  AgentDesk& desk_;
  Fleet& fleet_;
  const base::Clock& clock_;
  base::Random& random_;
  const SessionOptions options_;
  WitnessDesk* const witnesses_;  // null: nobody is asked to co-sign

  base::Mutex mutex_;
  base::CondVar changed_;
  uint64_t next_session_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<uint64_t, std::shared_ptr<Session>> sessions_ ABSL_GUARDED_BY(mutex_);
  std::multimap<std::string, uint64_t, std::less<>> by_agent_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Session>> turns_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, SiteTrust> trust_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> denied_ ABSL_GUARDED_BY(mutex_);
  base::Steady trust_read_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace crossdock::orchestrator::api
