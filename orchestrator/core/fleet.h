// Fleet is what the agents said last: who is online, with which room, how far their tasks are, how their relays stand.
//
// Memory only, rebuilt from the agents' reports after a start; the planner and the API read copies. Thread-safe.
// Bounded by the agents that the roster lets in and kTasksMax a report.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "orchestrator/core/agent_view.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator {

struct VolumeSpace {
  std::string volume;
  uint64_t bytes_free = 0;
  uint64_t bytes_total = 0;
};

// As the agent's: shares of the time of its data legs.
struct StageShares {
  double storage = 0;
  double work = 0;
  double cap = 0;
  double lan = 0;
  double line = 0;
  double idle = 0;
};

struct TaskProgress {
  std::string task;
  std::string transfer;  // empty when the agent runs something that it was not told in this session
  std::string phase;     // "moving"
  bool receives = false;
  uint64_t bytes_done = 0;
  uint64_t files_done = 0;
  double bytes_per_second = 0;
  StageShares stages;
  Epoch epoch;
};

// What an agent sees of a relay of its own site: the relay itself has no channel to here.
struct RelayReport {
  std::string relay;
  bool tended = false;
  bool draining = false;
  uint32_t load = 0;  // joined pairs
  std::chrono::milliseconds clock_skew{};
  uint64_t keys_number = 0;
  uint64_t deny_number = 0;
  std::string problem;
  uint32_t busy_per_mille = 0;  // of its host's processors' time, over the last seconds
};

struct AgentReport {
  base::Instant agent_time;
  std::vector<TaskProgress> tasks;  // all that it runs
  uint32_t slots_free = 0;
  // Moves that it was told and does not report yet: they will take a slot each.
  uint32_t moves_unreported = 0;
  std::vector<VolumeSpace> volumes;
  std::vector<RelayReport> relays;
  uint64_t roster_number = 0;
  uint64_t deny_number = 0;
};

struct AgentState {
  std::string agent;
  std::string site;
  std::string version;
  bool online = false;
  base::Instant connected;  // of the present session, or of the last one
  base::Instant last_seen;
  std::chrono::milliseconds clock_skew{};  // its clock minus ours
  AgentReport report;                      // the last one
};

struct RelayState {
  RelayReport report;
  std::string site;
  std::string agent;  // who says so
  base::Instant at;
};

class Fleet {
 public:
  // An agent whose clock is further off gets no new work.
  static constexpr std::chrono::seconds kClockSkewMax{30};
  static constexpr size_t kTasksMax = 10'000;

  // A session begins and replaces the agent's earlier one, of which nothing counts any more.
  void Connected(uint64_t session, std::string_view agent, std::string_view site, std::string_view version,
                 const std::vector<VolumeSpace>& volumes, base::Instant now);
  // False when `session` was replaced or has ended.
  bool Reported(uint64_t session, std::string_view agent, AgentReport report, base::Instant now);
  void Disconnected(uint64_t session, std::string_view agent, base::Instant now);

  // For the planner: the agents that are online and have reported at least once.
  std::vector<AgentView> Online() const;
  // Every agent seen since the start, by id; `site` empty: of all sites.
  std::vector<AgentState> Agents(std::string_view site) const;
  std::optional<AgentState> Find(std::string_view agent) const;
  // The receiver's word when it has one, else the sender's; nothing when no agent runs it.
  std::optional<TaskProgress> ProgressOf(std::string_view transfer) const;
  // What both agents say of a transfer that they move.
  struct Ends {
    std::optional<TaskProgress> sender;
    std::optional<TaskProgress> receiver;
  };
  Ends EndsOf(std::string_view transfer) const;
  // The freshest report about each relay, by site and id.
  std::vector<RelayState> Relays() const;
  // The freshest report about one of them, of an agent that reaches it.
  std::optional<RelayReport> FindRelay(std::string_view site, std::string_view relay) const;

 private:
  struct Member {
    AgentState state;
    uint64_t session = 0;
    bool reported = false;
  };

  mutable base::Mutex mutex_;
  std::map<std::string, Member, std::less<>> members_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::orchestrator
