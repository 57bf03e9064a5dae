#include "agent/session/messages.h"

#include "google/protobuf/util/time_util.h"

namespace crossdock::agent {
namespace {

using google::protobuf::util::TimeUtil;

Epoch FromMessage(const v1::Epoch& epoch) { return {epoch.generation(), epoch.n()}; }

PathRef FromMessage(const v1::PathRef& path) {
  return {path.volume(), path.path(), {path.files().begin(), path.files().end()}, path.marker()};
}

Warrant FromMessage(const v1::Warrant& message) {
  Warrant warrant;
  for (const v1::SignedPolicy& policy : message.policies()) {
    warrant.policies.push_back(
        {policy.text(), policy.activation(), {policy.calendars().begin(), policy.calendars().end()}});
  }
  warrant.approvals.assign(message.approvals().begin(), message.approvals().end());
  warrant.delegations.assign(message.delegations().begin(), message.delegations().end());
  warrant.break_glass = message.break_glass();
  for (const auto& [name, fact] : message.asserted_facts()) {
    warrant.asserted_facts[name] = {{fact.values().begin(), fact.values().end()}, fact.list()};
  }
  warrant.client = message.client();
  warrant.project = message.project();
  warrant.roster_number = message.roster_number();
  warrant.source_site = message.source_site();
  warrant.destination_site = message.destination_site();
  return warrant;
}

Route FromMessage(const v1::Leg& leg) {
  return {
      leg.rendezvous(),  leg.relay_statement(),
      leg.ticket(),      leg.next_relay_statement(),
      leg.next_ticket(), base::Instant(std::chrono::microseconds(TimeUtil::TimestampToMicroseconds(leg.expires())))};
}

MoveTask FromMessage(const v1::MoveTask& message, bool send) {
  MoveTask move;
  move.send = send;
  move.epoch = FromMessage(message.epoch());
  move.source = FromMessage(message.source());
  move.destination = FromMessage(message.destination());
  move.route = FromMessage(message.leg());
  move.peer = {message.peer().identity(), message.peer().grant()};
  move.warrant = FromMessage(message.warrant());
  move.listing = message.listing_digest();
  move.content = message.content_root();
  move.files = message.files();
  move.bytes = message.bytes();
  move.bytes_per_second_max = message.bytes_per_second_max();
  move.streams = message.streams();
  move.verify = message.verify();
  // A word that this version does not know permits nothing.
  move.merge = ParseMerge(message.merge()).value_or(Merge::kNever);
  move.replace = message.replace();
  return move;
}

v1::TaskPhase ToMessage(TaskPhase phase) {
  switch (phase) {
    case TaskPhase::kStarting:
      return v1::TASK_PHASE_STARTING;
    case TaskPhase::kScanning:
      return v1::TASK_PHASE_SCANNING;
    case TaskPhase::kHashing:
      return v1::TASK_PHASE_HASHING;
    case TaskPhase::kConnecting:
      return v1::TASK_PHASE_CONNECTING;
    case TaskPhase::kMoving:
      return v1::TASK_PHASE_MOVING;
    case TaskPhase::kVerifying:
      return v1::TASK_PHASE_VERIFYING;
    case TaskPhase::kCommitting:
      return v1::TASK_PHASE_COMMITTING;
    case TaskPhase::kPublishing:
      return v1::TASK_PHASE_PUBLISHING;
  }
  return v1::TASK_PHASE_UNSPECIFIED;
}

}  // namespace

std::optional<Task> FromMessage(const v1::Task& message) {
  Task task;
  task.id = message.task();
  task.transfer = message.transfer();
  switch (message.work_case()) {
    case v1::Task::kScan:
      task.work = ScanTask{FromMessage(message.scan().source()), message.scan().scan(),
                           message.scan().allow_empty_files(), std::chrono::seconds(message.scan().quiet_seconds())};
      return task;
    case v1::Task::kHash:
      task.work =
          HashTask{FromMessage(message.hash().source()), message.hash().scan(), message.hash().listing_digest()};
      return task;
    case v1::Task::kSend:
      task.work = FromMessage(message.send(), true);
      return task;
    case v1::Task::kReceive:
      task.work = FromMessage(message.receive(), false);
      return task;
    case v1::Task::kClean:
      task.work = CleanTask{message.clean().volume(), FromMessage(message.clean().epoch())};
      return task;
    case v1::Task::kFinish:
      task.work =
          FinishTask{{message.finish().volume(), message.finish().path(), {}}, FromMessage(message.finish().epoch())};
      return task;
    case v1::Task::WORK_NOT_SET:
      break;
  }
  return std::nullopt;
}

DesiredState FromMessage(const v1::DesiredState& message) {
  DesiredState desired;
  desired.generation = message.generation();
  desired.sequence = message.sequence();
  desired.complete = message.complete();
  for (const v1::Task& task : message.tasks()) {
    std::optional<Task> known = FromMessage(task);
    if (known.has_value()) desired.tasks.push_back(std::move(*known));
  }
  desired.stopped.assign(message.stopped().begin(), message.stopped().end());
  return desired;
}

TrustUpdate FromMessage(const v1::TrustUpdate& message) {
  std::vector<RosterStep> steps;
  for (const v1::RosterStep& step : message.roster_steps())
    steps.push_back({step.number(), step.body(), step.statement()});
  return {message.roster_body(),
          message.roster_statement(),
          message.relay_keys(),
          message.relay_deny(),
          {message.relay_statements().begin(), message.relay_statements().end()},
          {message.policy_activations().begin(), message.policy_activations().end()},
          {message.objections().begin(), message.objections().end()},
          std::move(steps)};
}

WitnessRequest FromMessage(const v1::WitnessRequest& message) {
  return {message.log(), message.log_key(), message.add_checkpoint()};
}

void Fill(const WitnessAnswer& answer, v1::WitnessAnswer* message) {
  message->set_log(answer.log);
  message->set_size(answer.size);
  message->set_cosignature(answer.cosignature);
  message->set_reason(answer.reason);
  message->set_detail(answer.detail);
  message->set_seen_size(answer.seen_size);
  message->set_held(answer.held);
}

void Fill(const wire::Epoch& epoch, v1::Epoch* message) {
  message->set_generation(epoch.generation);
  message->set_n(epoch.n);
}

void Fill(const std::vector<VolumeSpace>& volumes, google::protobuf::RepeatedPtrField<v1::VolumeInfo>* message) {
  for (const VolumeSpace& space : volumes) {
    v1::VolumeInfo& volume = *message->Add();
    volume.set_volume(space.volume);
    volume.set_bytes_free(space.bytes_free);
    volume.set_bytes_total(space.bytes_total);
  }
}

void Fill(const StageShares& shares, v1::StageShares* message) {
  const auto of = [&](StageOf stage) { return shares[static_cast<size_t>(stage)]; };
  message->set_storage(of(StageOf::kStorage));
  message->set_work(of(StageOf::kWork));
  message->set_cap(of(StageOf::kCap));
  message->set_lan(of(StageOf::kLan));
  message->set_line(of(StageOf::kLine));
  message->set_idle(of(StageOf::kIdle));
}

void Fill(const BoardReport& board, Host& host, base::Instant now, v1::AgentReport* message) {
  *message->mutable_agent_time() = TimeUtil::MicrosecondsToTimestamp(now.time_since_epoch().count());
  message->set_desired_generation(board.desired_generation);
  message->set_desired_sequence(board.desired_sequence);
  message->set_complete_set_wanted(board.complete_set_wanted);
  message->set_slots_free(static_cast<uint32_t>(board.slots_free));
  message->set_roster_number(host.RosterNumber());
  for (const TaskStatus& status : board.tasks) {
    v1::RunningTask& task = *message->add_tasks();
    task.set_task(status.id);
    task.set_phase(ToMessage(status.phase));
    task.set_bytes_done(status.bytes_done);
    task.set_files_done(status.files_done);
    task.set_bytes_per_second(status.bytes_per_second);
    Fill(status.epoch, task.mutable_epoch());
    Fill(status.stages, task.mutable_stages());
  }
  Fill(host.Volumes(), message->mutable_volumes());
  for (const RelayStatus& status : host.Relays()) {
    v1::RelayStatus& relay = *message->add_relays();
    relay.set_relay(status.relay);
    relay.set_tended(status.tended);
    relay.set_draining(status.draining);
    relay.set_load(status.load);
    relay.set_busy_per_mille(status.busy_per_mille);
    relay.set_clock_skew_milliseconds(status.clock_skew.count());
    relay.set_keys_number(status.keys_number);
    relay.set_deny_number(status.deny_number);
    relay.set_problem(status.problem);
    message->set_deny_number(std::max(message->deny_number(), status.deny_number));
  }
}

}  // namespace crossdock::agent
