#include "orchestrator/api/agent_sessions.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "orchestrator/api/task_messages.h"

namespace crossdock::orchestrator::api {

namespace v1 = crossdock::agent::v1;

namespace {

// An agent answers what it is asked, and no more.
constexpr size_t kAnswersMax = 64;

WitnessReply FromMessage(const v1::WitnessAnswer& message) {
  return {message.log(),    message.size(),      message.cosignature(), message.reason(),
          message.detail(), message.seen_size(), message.held()};
}

}  // namespace

struct AgentSessions::Session {
  // Immutable.
  uint64_t number = 0;
  AgentCaller caller;
  std::shared_ptr<AgentStream> stream;
  base::Steady opened;
  base::Steady over;  // its age is spent

  // Guarded by AgentSessions::mutex_.
  std::optional<v1::AgentHello> hello;
  std::optional<v1::AgentReport> report;  // the newest one not looked at yet
  bool look = false;                      // at the database: what it should be doing may have changed
  bool tell_trust = false;
  bool ask_witness = false;
  std::deque<v1::WitnessAnswer> answers;  // at most kAnswersMax
  base::Steady witnessed;
  bool has_turn = false;  // queued or being worked on
  bool more = false;      // something came in meanwhile
  bool ended = false;
  base::Steady heard;
  base::Steady looked;

  // Of the thread that holds the turn.
  struct Sent {
    std::string bytes;      // of the message, to see what changed
    uint64_t sequence = 0;  // of the desired state that said it last
    std::string transfer;
    bool move = false;
    bool receives = false;
  };
  std::atomic<bool> begun{false};  // the hello was answered; read by Tick, too
  uint64_t sequence = 0;
  uint64_t roster_number = 0;  // the one that the agent holds
  std::map<std::string, Sent> sent;
  std::set<std::string> reported;  // tasks of the last report
};

AgentSessions::AgentSessions(AgentDesk& desk, Fleet& fleet, const base::Clock& clock, base::Random& random,
                             const SessionOptions& options, WitnessDesk* witnesses)
    : desk_(desk), fleet_(fleet), clock_(clock), random_(random), options_(options), witnesses_(witnesses) {
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { Work(); });
}

AgentSessions::~AgentSessions() { Stop(); }

uint64_t AgentSessions::Open(const AgentCaller& caller, std::shared_ptr<AgentStream> stream) {
  auto session = std::make_shared<Session>();
  session->caller = caller;
  session->stream = std::move(stream);
  session->opened = session->heard = session->looked = session->witnessed = clock_.MonotonicNow();
  const double spread = options_.age_spread * (2.0 * static_cast<double>(random_.Next() >> 11) * 0x1p-53 - 1.0);
  session->over =
      session->opened + std::chrono::duration_cast<std::chrono::milliseconds>(options_.age_max * (1 + spread));
  base::MutexLock lock(mutex_);
  session->number = next_session_++;
  sessions_[session->number] = session;
  by_agent_.emplace(caller.agent, session->number);
  return session->number;
}

void AgentSessions::Received(uint64_t number, const v1::ConnectRequest& message) {
  base::MutexLock lock(mutex_);
  const auto found = sessions_.find(number);
  if (found == sessions_.end() || found->second->ended) return;
  Session& session = *found->second;
  session.heard = clock_.MonotonicNow();
  if (message.has_hello()) session.hello = message.hello();
  if (message.has_report()) session.report = message.report();
  if (message.has_witness() && session.answers.size() < kAnswersMax) session.answers.push_back(message.witness());
  Enqueue(found->second);
}

void AgentSessions::Closed(uint64_t number) {
  std::shared_ptr<Session> session;
  {
    base::MutexLock lock(mutex_);
    const auto found = sessions_.find(number);
    if (found == sessions_.end()) return;
    session = found->second;
    session->ended = true;
    sessions_.erase(found);
    const auto [first, last] = by_agent_.equal_range(session->caller.agent);
    for (auto it = first; it != last; ++it) {
      if (it->second != number) continue;
      by_agent_.erase(it);
      break;
    }
    ForgetAbsentSites();
  }
  fleet_.Disconnected(number, session->caller.agent, clock_.Now());
  LOG_INFO("agent's session ended", {{"agent", session->caller.agent}, {"session", number}});
}

void AgentSessions::Wake(std::string_view agent) {
  base::MutexLock lock(mutex_);
  const auto [first, last] = by_agent_.equal_range(agent);
  for (auto it = first; it != last; ++it) {
    const auto& session = sessions_.at(it->second);
    session->look = true;
    Enqueue(session);
  }
}

void AgentSessions::Enqueue(const std::shared_ptr<Session>& session) {
  if (session->has_turn) {
    session->more = true;
    return;
  }
  session->has_turn = true;
  turns_.push_back(session);
  changed_.NotifyOne();
}

void AgentSessions::Work() {
  while (true) {
    std::shared_ptr<Session> session;
    {
      base::MutexLock lock(mutex_);
      while (turns_.empty() && !stopping_) changed_.Wait(mutex_);
      if (stopping_) return;
      session = std::move(turns_.front());
      turns_.pop_front();
    }
    TakeTurn(*session);
    base::MutexLock lock(mutex_);
    session->has_turn = false;
    if (std::exchange(session->more, false) && !session->ended) Enqueue(session);
  }
}

void AgentSessions::TakeTurn(Session& session) {
  std::optional<v1::AgentHello> hello;
  std::optional<v1::AgentReport> report;
  bool look = false;
  bool tell_trust = false;
  bool ask_witness = false;
  std::deque<v1::WitnessAnswer> answers;
  {
    base::MutexLock lock(mutex_);
    if (session.ended) return;
    hello = std::exchange(session.hello, std::nullopt);
    report = std::exchange(session.report, std::nullopt);
    // Before the hello was answered, everything else waits: its answer is the first thing that an agent hears.
    const bool ready = session.begun || hello.has_value();
    if (ready) look = std::exchange(session.look, false);
    if (ready) tell_trust = std::exchange(session.tell_trust, false);
    if (ready) ask_witness = std::exchange(session.ask_witness, false);
    if (ready) answers = std::exchange(session.answers, {});
  }
  absl::Status status;
  if (hello.has_value()) status = Begin(session, *hello);
  if (status.ok() && !session.begun && report.has_value()) {
    status = base::WithReason(base::InvalidArgument("the first message must be a hello"), "HELLO_MISSING");
  }
  if (status.ok() && tell_trust) status = SendTrust(session);
  if (status.ok() && report.has_value()) status = TakeReport(session, *report);
  if (status.ok() && look && !hello.has_value()) status = SendDesired(session, false, {});
  if (witnesses_ != nullptr && status.ok()) {
    for (const v1::WitnessAnswer& answer : answers) {
      const absl::Status taken = witnesses_->Take(session.caller.agent, session.caller.site, FromMessage(answer));
      if (!taken.ok())
        LOG_ERROR("a co-signature was not kept", {{"agent", session.caller.agent}, {"error", taken.ToString()}});
    }
    if (ask_witness) status = AskWitness(session);
  }
  if (status.ok()) return;
  if (!session.begun || absl::IsPermissionDenied(status) || absl::IsInvalidArgument(status)) {
    End(session, status);
    return;
  }
  // The database is away, say. The agent goes on with what it has; the next poll looks again.
  LOG_WARNING("agent's session waits", {{"agent", session.caller.agent}, {"detail", base::ToStd(status.message())}});
}

absl::Status AgentSessions::Begin(Session& session, const v1::AgentHello& hello) {
  if (session.begun) return base::InvalidArgument("a second hello on one stream");
  if (hello.protocol_version() != 1) {
    return base::WithReason(base::InvalidArgument("protocol version ", hello.protocol_version(),
                                                  " is not spoken here; this orchestrator speaks 1"),
                            "PROTOCOL_VERSION");
  }
  SessionStart start;
  start.agent = session.caller.agent;
  start.site = session.caller.site;
  start.counter = hello.session_counter();
  start.version = hello.agent_version();
  for (const v1::VolumeInfo& volume : hello.volumes()) start.volumes.push_back(volume.volume());
  RETURN_IF_ERROR(desk_.BeginSession(start));
  session.begun = true;
  session.roster_number = hello.roster_number();
  Replace(session);
  fleet_.Connected(session.number, session.caller.agent, session.caller.site, hello.agent_version(),
                   FromMessage(hello.volumes()), clock_.Now());
  LOG_INFO("agent connected", {{"agent", session.caller.agent},
                               {"site", session.caller.site},
                               {"session", session.number},
                               {"version", hello.agent_version()}});
  v1::ConnectResponse answer;
  answer.mutable_hello()->set_protocol_version(1);
  answer.mutable_hello()->set_orchestrator(options_.orchestrator);
  answer.mutable_hello()->set_report_interval_milliseconds(static_cast<uint32_t>(options_.report_interval.count()));
  answer.mutable_hello()->set_lease_milliseconds(static_cast<uint32_t>(options_.lease.count()));
  session.stream->Send(answer);
  RETURN_IF_ERROR(SendTrust(session));
  return SendDesired(session, true, {});
}

absl::Status AgentSessions::SendTrust(Session& session) {
  ASSIGN_OR_RETURN(const SiteTrust trust, TrustOf(session.caller.site));
  v1::ConnectResponse message;
  *message.mutable_trust() = ToMessage(trust);
  ASSIGN_OR_RETURN(const std::vector<RosterStep> steps, desk_.RosterSteps(session.roster_number));
  for (const RosterStep& step : steps) {
    v1::RosterStep& said = *message.mutable_trust()->add_roster_steps();
    said.set_number(step.number);
    said.set_body(step.body);
    said.set_statement(step.statement);
  }
  session.stream->Send(message);
  return absl::OkStatus();
}

absl::Status AgentSessions::AskWitness(Session& session) {
  const absl::StatusOr<std::vector<WitnessAsk>> asks = witnesses_->Ask(session.caller.agent);
  if (!asks.ok()) {
    // The agent has no part in it, and goes on with its work.
    LOG_ERROR("no witness can be asked", {{"agent", session.caller.agent}, {"error", asks.status().ToString()}});
    return absl::OkStatus();
  }
  for (const WitnessAsk& ask : *asks) {
    v1::ConnectResponse message;
    message.mutable_witness()->set_log(ask.log);
    message.mutable_witness()->set_log_key(ask.log_key);
    message.mutable_witness()->set_add_checkpoint(ask.add_checkpoint);
    session.stream->Send(message);
  }
  return absl::OkStatus();
}

absl::StatusOr<SiteTrust> AgentSessions::TrustOf(const std::string& site) {
  {
    base::MutexLock lock(mutex_);
    const auto known = trust_.find(site);
    if (known != trust_.end()) return known->second;
  }
  ASSIGN_OR_RETURN(SiteTrust trust, desk_.TrustOf(site));
  base::MutexLock lock(mutex_);
  trust_[site] = trust;
  return trust;
}

absl::Status AgentSessions::SendDesired(Session& session, bool complete, const std::set<std::string>& lost) {
  {
    base::MutexLock lock(mutex_);
    session.looked = clock_.MonotonicNow();
  }
  ASSIGN_OR_RETURN(const DesiredSet wanted, desk_.DesiredTasks(session.caller.agent));
  v1::ConnectResponse message;
  v1::DesiredState& desired = *message.mutable_desired();
  desired.set_generation(wanted.generation);
  desired.set_complete(complete);
  desired.set_sequence(session.sequence + 1);
  std::map<std::string, Session::Sent> sent;
  for (const Task& task : wanted.tasks) {
    v1::Task said = ToMessage(task);
    const auto* move = std::get_if<MoveTask>(&task.work);
    Session::Sent now{said.SerializeAsString(), session.sequence + 1, task.transfer, move != nullptr,
                      move != nullptr && !move->send};
    const auto before = session.sent.find(task.id);
    const bool same = before != session.sent.end() && before->second.bytes == now.bytes && !lost.contains(task.id);
    if (same && !complete) {
      now.sequence = before->second.sequence;
    } else {
      *desired.add_tasks() = std::move(said);
    }
    sent[task.id] = std::move(now);
  }
  // What it was told, or runs from before, and nobody wants any more.
  std::set<std::string> stopped;
  for (const auto& [task, before] : session.sent) stopped.insert(task);
  stopped.insert(session.reported.begin(), session.reported.end());
  for (const auto& [task, now] : sent) stopped.erase(task);
  if (!complete) {
    for (const std::string& task : stopped) desired.add_stopped(task);
  }
  session.sent = std::move(sent);
  if (!complete && desired.tasks().empty() && desired.stopped().empty()) return absl::OkStatus();
  ++session.sequence;
  session.stream->Send(message);
  return absl::OkStatus();
}

absl::Status AgentSessions::TakeReport(Session& session, const v1::AgentReport& message) {
  AgentReport report = FromMessage(message);
  session.roster_number = message.roster_number();
  session.reported.clear();
  std::vector<std::string> transfers;
  bool unknown = false;
  for (TaskProgress& task : report.tasks) {
    session.reported.insert(task.task);
    const auto sent = session.sent.find(task.task);
    if (sent == session.sent.end()) {
      unknown = true;
      continue;
    }
    task.transfer = sent->second.transfer;
    task.receives = sent->second.receives;
    if (sent->second.move) transfers.push_back(task.transfer);
  }
  // Named by a state that the agent has applied, and not reported: it has ended, or was lost.
  std::set<std::string> lost;
  for (const auto& [task, sent] : session.sent) {
    if (session.reported.contains(task)) continue;
    if (sent.move) ++report.moves_unreported;
    if (sent.sequence <= message.desired_sequence()) lost.insert(task);
  }
  if (!fleet_.Reported(session.number, session.caller.agent, std::move(report), clock_.Now())) {
    return base::PermissionDenied("this session was replaced by a newer one of the same agent");
  }
  if (!transfers.empty()) RETURN_IF_ERROR(desk_.RenewLeases(session.caller.agent, transfers));
  if (message.complete_set_wanted()) return SendDesired(session, true, {});
  // The agent has not applied what was said last yet: what it reports besides may be on its way out.
  if (message.desired_sequence() < session.sequence) return absl::OkStatus();
  if (unknown || !lost.empty()) return SendDesired(session, false, lost);
  return absl::OkStatus();
}

void AgentSessions::Replace(const Session& by) {
  std::vector<std::shared_ptr<Session>> replaced;
  {
    base::MutexLock lock(mutex_);
    const auto [first, last] = by_agent_.equal_range(by.caller.agent);
    for (auto it = first; it != last; ++it) {
      if (it->second < by.number) replaced.push_back(sessions_.at(it->second));
    }
  }
  const absl::Status status =
      base::WithReason(base::Error(absl::StatusCode::kAborted, "a newer session of the same agent replaced this one"),
                       "SESSION_REPLACED");
  for (const auto& session : replaced) End(*session, status);
}

void AgentSessions::End(Session& session, const absl::Status& status) {
  {
    base::MutexLock lock(mutex_);
    if (std::exchange(session.ended, true)) return;
  }
  fleet_.Disconnected(session.number, session.caller.agent, clock_.Now());
  LOG_INFO("ending an agent's session", {{"agent", session.caller.agent},
                                         {"session", session.number},
                                         {"reason", base::ReasonOf(status)},
                                         {"detail", base::ToStd(status.message())}});
  v1::ConnectResponse message;
  message.mutable_end()->set_reason(base::ReasonOf(status));
  session.stream->Send(message);
  session.stream->End(status);
}

absl::Status AgentSessions::WhyOver(const Session& session, base::Instant now, base::Steady steady) const {
  if (denied_.contains(session.caller.spki)) {
    return base::WithReason(base::PermissionDenied("the key of agent '", session.caller.agent, "' is denied"),
                            "KEY_DENIED");
  }
  if (steady >= session.over) return base::WithReason(base::Unavailable("the session is old: connect again"), "AGE");
  if (now >= session.caller.certificate_ends) {
    return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated, "the certificate has expired"),
                            "CERTIFICATE_EXPIRED");
  }
  const auto silence = steady - session.heard;
  if (silence > (session.begun ? options_.lease : options_.hello_wait)) {
    return base::WithReason(base::Unavailable("the agent said nothing for too long"), "SILENT");
  }
  return absl::OkStatus();
}

absl::Status AgentSessions::Tick() {
  const absl::Status polled = PollTrust();
  const base::Instant now = clock_.Now();
  const base::Steady steady = clock_.MonotonicNow();
  std::vector<std::pair<std::shared_ptr<Session>, absl::Status>> over;
  {
    base::MutexLock lock(mutex_);
    for (const auto& [number, session] : sessions_) {
      if (session->ended) continue;
      const absl::Status why = WhyOver(*session, now, steady);
      if (why.ok() && witnesses_ != nullptr && session->begun && steady - session->witnessed >= options_.witness_poll) {
        session->witnessed = steady;
        session->ask_witness = true;
        Enqueue(session);
      }
      if (!why.ok()) {
        over.emplace_back(session, why);
      } else if (steady - session->looked >= options_.poll) {
        session->look = true;
        Enqueue(session);
      }
    }
  }
  for (const auto& [session, why] : over) End(*session, why);
  return polled;
}

absl::Status AgentSessions::PollTrust() {
  std::set<std::string> sites;
  {
    base::MutexLock lock(mutex_);
    if (clock_.MonotonicNow() - trust_read_ < options_.trust_poll) return absl::OkStatus();
    trust_read_ = clock_.MonotonicNow();
    for (const auto& [number, session] : sessions_) sites.insert(session->caller.site);
  }
  ASSIGN_OR_RETURN(std::set<std::string> denied, desk_.DeniedKeys());
  std::map<std::string, SiteTrust> trust;
  for (const std::string& site : sites) {
    ASSIGN_OR_RETURN(trust[site], desk_.TrustOf(site));
  }
  base::MutexLock lock(mutex_);
  denied_ = std::move(denied);
  for (const auto& [number, session] : sessions_) {
    const auto fresh = trust.find(session->caller.site);
    const auto known = trust_.find(session->caller.site);
    if (fresh == trust.end() || known == trust_.end() || fresh->second == known->second) continue;
    session->tell_trust = true;
    Enqueue(session);
  }
  for (auto& [site, fresh] : trust) trust_[site] = std::move(fresh);
  ForgetAbsentSites();
  return absl::OkStatus();
}

void AgentSessions::ForgetAbsentSites() {
  std::set<std::string> present;
  for (const auto& [number, session] : sessions_) present.insert(session->caller.site);
  std::erase_if(trust_, [&](const auto& kept) { return !present.contains(kept.first); });
}

void AgentSessions::Stop() {
  std::vector<std::shared_ptr<Session>> all;
  {
    base::MutexLock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    for (const auto& [number, session] : sessions_) all.push_back(session);
    changed_.NotifyAll();
  }
  const absl::Status status =
      base::WithReason(base::Unavailable("this orchestrator is stopping: connect again"), "STOPPING");
  for (const auto& session : all) End(*session, status);
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace crossdock::orchestrator::api
