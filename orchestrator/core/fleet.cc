#include "orchestrator/core/fleet.h"

#include <algorithm>
#include <utility>

namespace crossdock::orchestrator {

void Fleet::Connected(uint64_t session, std::string_view agent, std::string_view site, std::string_view version,
                      const std::vector<VolumeSpace>& volumes, base::Instant now) {
  base::MutexLock lock(mutex_);
  Member member;
  member.session = session;
  member.state.agent = std::string(agent);
  member.state.site = std::string(site);
  member.state.version = std::string(version);
  member.state.online = true;
  member.state.connected = now;
  member.state.last_seen = now;
  member.state.report.volumes = volumes;
  members_.insert_or_assign(std::string(agent), std::move(member));
}

bool Fleet::Reported(uint64_t session, std::string_view agent, AgentReport report, base::Instant now) {
  if (report.tasks.size() > kTasksMax) report.tasks.resize(kTasksMax);
  base::MutexLock lock(mutex_);
  const auto member = members_.find(agent);
  if (member == members_.end() || member->second.session != session || !member->second.state.online) return false;
  AgentState& state = member->second.state;
  state.last_seen = now;
  state.clock_skew = std::chrono::duration_cast<std::chrono::milliseconds>(report.agent_time - now);
  state.report = std::move(report);
  member->second.reported = true;
  return true;
}

void Fleet::Disconnected(uint64_t session, std::string_view agent, base::Instant now) {
  base::MutexLock lock(mutex_);
  const auto member = members_.find(agent);
  if (member == members_.end() || member->second.session != session) return;
  AgentState& state = member->second.state;
  state.online = false;
  state.last_seen = now;
  state.report.tasks.clear();
  state.report.relays.clear();
}

std::vector<AgentView> Fleet::Online() const {
  std::vector<AgentView> online;
  base::MutexLock lock(mutex_);
  for (const auto& [id, member] : members_) {
    if (!member.state.online || !member.reported) continue;
    AgentView view;
    view.id = id;
    view.site = member.state.site;
    const AgentReport& report = member.state.report;
    view.slots_free = static_cast<int>(report.slots_free - std::min(report.slots_free, report.moves_unreported));
    for (const VolumeSpace& space : report.volumes) view.volumes.insert(space.volume);
    view.clock_skewed = std::chrono::abs(member.state.clock_skew) > kClockSkewMax;
    online.push_back(std::move(view));
  }
  return online;
}

std::vector<AgentState> Fleet::Agents(std::string_view site) const {
  std::vector<AgentState> agents;
  base::MutexLock lock(mutex_);
  for (const auto& [id, member] : members_) {
    if (site.empty() || member.state.site == site) agents.push_back(member.state);
  }
  return agents;
}

std::optional<AgentState> Fleet::Find(std::string_view agent) const {
  base::MutexLock lock(mutex_);
  const auto member = members_.find(agent);
  if (member == members_.end()) return std::nullopt;
  return member->second.state;
}

std::optional<TaskProgress> Fleet::ProgressOf(std::string_view transfer) const {
  const Ends ends = EndsOf(transfer);
  return ends.receiver ? ends.receiver : ends.sender;
}

Fleet::Ends Fleet::EndsOf(std::string_view transfer) const {
  Ends ends;
  if (transfer.empty()) return ends;
  base::MutexLock lock(mutex_);
  for (const auto& [id, member] : members_) {
    for (const TaskProgress& task : member.state.report.tasks) {
      if (task.transfer == transfer) (task.receives ? ends.receiver : ends.sender) = task;
    }
  }
  return ends;
}

std::vector<RelayState> Fleet::Relays() const {
  std::map<std::pair<std::string, std::string>, RelayState> freshest;
  base::MutexLock lock(mutex_);
  for (const auto& [id, member] : members_) {
    const AgentState& agent = member.state;
    for (const RelayReport& report : agent.report.relays) {
      RelayState& state = freshest[{agent.site, report.relay}];
      // One agent that tends it is worth more than another that cannot reach it.
      if (state.agent.empty() || std::pair(report.tended, agent.last_seen) > std::pair(state.report.tended, state.at)) {
        state = {report, agent.site, id, agent.last_seen};
      }
    }
  }
  std::vector<RelayState> relays;
  for (auto& [key, state] : freshest) relays.push_back(std::move(state));
  return relays;
}

std::optional<RelayReport> Fleet::FindRelay(std::string_view site, std::string_view relay) const {
  std::optional<RelayReport> found;
  base::Instant at;
  base::MutexLock lock(mutex_);
  for (const auto& [id, member] : members_) {
    if (member.state.site != site || !member.state.online) continue;
    for (const RelayReport& report : member.state.report.relays) {
      if (report.relay != relay || !report.tended || (found && member.state.last_seen <= at)) continue;
      found = report;
      at = member.state.last_seen;
    }
  }
  return found;
}

}  // namespace crossdock::orchestrator
