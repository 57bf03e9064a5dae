#include "orchestrator/api/task_messages.h"

#include <algorithm>
#include <cctype>

#include "google/protobuf/util/time_util.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = crossdock::agent::v1;
using google::protobuf::util::TimeUtil;

void Fill(const Epoch& epoch, v1::Epoch* message) {
  message->set_generation(epoch.generation);
  message->set_n(epoch.n);
}

void Fill(const PathRef& path, v1::PathRef* message) {
  message->set_volume(path.volume);
  message->set_path(path.path);
  message->set_marker(path.marker);
}

void Fill(const Warrant& warrant, v1::Warrant* message) {
  for (const SignedPolicy& policy : warrant.policies) {
    v1::SignedPolicy& layer = *message->add_policies();
    layer.set_text(policy.text);
    layer.set_activation(policy.activation);
    for (const std::string& calendar : policy.calendars) layer.add_calendars(calendar);
  }
  for (const std::string& approval : warrant.approvals) message->add_approvals(approval);
  for (const std::string& delegation : warrant.delegations) message->add_delegations(delegation);
  message->set_break_glass(warrant.break_glass);
  for (const auto& [name, asserted] : warrant.asserted_facts) {
    v1::FactValue& fact = (*message->mutable_asserted_facts())[name];
    for (const std::string& value : asserted.values) fact.add_values(value);
    fact.set_list(asserted.list);
  }
  message->set_client(warrant.client);
  message->set_project(warrant.project);
  message->set_roster_number(warrant.roster_number);
  message->set_source_site(warrant.source_site);
  message->set_destination_site(warrant.destination_site);
}

void Fill(const Route& route, v1::Leg* message) {
  message->set_rendezvous(route.rendezvous);
  message->set_relay_statement(route.relay_statement);
  message->set_ticket(route.ticket);
  message->set_next_ticket(route.next_ticket);
  message->set_next_relay_statement(route.next_relay_statement);
  *message->mutable_expires() = TimeUtil::MicrosecondsToTimestamp(route.expires.time_since_epoch().count());
}

void Fill(const MoveTask& move, v1::MoveTask* message) {
  Fill(move.epoch, message->mutable_epoch());
  Fill(move.source, message->mutable_source());
  Fill(move.destination, message->mutable_destination());
  Fill(move.route, message->mutable_leg());
  message->mutable_peer()->set_identity(move.peer_identity);
  message->mutable_peer()->set_grant(move.peer_grant);
  Fill(move.warrant, message->mutable_warrant());
  message->set_listing_digest(move.listing);
  message->set_content_root(move.content);
  message->set_files(static_cast<uint64_t>(move.files));
  message->set_bytes(static_cast<uint64_t>(move.bytes));
  message->set_bytes_per_second_max(static_cast<uint64_t>(move.bytes_per_second_max));
  message->set_streams(static_cast<uint32_t>(move.streams));
  message->set_verify(move.verify);
  message->set_merge(move.merge);
  message->set_replace(move.replace);
}

struct FillWork {
  v1::Task* message;
  void operator()(const ScanTask& scan) const {
    Fill(scan.source, message->mutable_scan()->mutable_source());
    message->mutable_scan()->set_scan(static_cast<uint64_t>(scan.scan));
    message->mutable_scan()->set_quiet_seconds(static_cast<uint32_t>(scan.quiet.count()));
  }
  void operator()(const HashTask& hash) const {
    Fill(hash.source, message->mutable_hash()->mutable_source());
    message->mutable_hash()->set_scan(static_cast<uint64_t>(hash.scan));
    message->mutable_hash()->set_listing_digest(hash.listing);
  }
  void operator()(const MoveTask& move) const {
    Fill(move, move.send ? message->mutable_send() : message->mutable_receive());
  }
  void operator()(const FinishTask& finish) const {
    Fill(finish.epoch, message->mutable_finish()->mutable_epoch());
    message->mutable_finish()->set_volume(finish.destination.volume);
    message->mutable_finish()->set_path(finish.destination.path);
  }
  void operator()(const CleanTask& clean) const {
    message->mutable_clean()->set_volume(clean.volume);
    Fill(clean.epoch, message->mutable_clean()->mutable_epoch());
  }
};

// TASK_PHASE_MOVING → "moving".
std::string PhaseName(v1::TaskPhase phase) {
  constexpr std::string_view kPrefix = "TASK_PHASE_";
  std::string name = v1::TaskPhase_Name(phase);
  if (name.size() <= kPrefix.size()) return "starting";  // a phase of a later version
  name.erase(0, kPrefix.size());
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

}  // namespace

v1::Task ToMessage(const Task& task) {
  v1::Task message;
  message.set_task(task.id);
  message.set_transfer(task.transfer);
  std::visit(FillWork{&message}, task.work);
  return message;
}

v1::TrustUpdate ToMessage(const SiteTrust& trust) {
  v1::TrustUpdate message;
  message.set_roster_body(trust.roster_body);
  message.set_roster_statement(trust.roster_statement);
  message.set_relay_keys(trust.relay_keys);
  message.set_relay_deny(trust.relay_deny);
  for (const std::string& statement : trust.relay_statements) message.add_relay_statements(statement);
  for (const std::string& statement : trust.activations) message.add_policy_activations(statement);
  for (const std::string& statement : trust.objections) message.add_objections(statement);
  return message;
}

std::vector<VolumeSpace> FromMessage(const google::protobuf::RepeatedPtrField<v1::VolumeInfo>& volumes) {
  std::vector<VolumeSpace> spaces;
  for (const v1::VolumeInfo& volume : volumes) {
    spaces.push_back({volume.volume(), volume.bytes_free(), volume.bytes_total()});
  }
  return spaces;
}

AgentReport FromMessage(const v1::AgentReport& message) {
  AgentReport report;
  report.agent_time = base::Instant(std::chrono::microseconds(TimeUtil::TimestampToMicroseconds(message.agent_time())));
  for (const v1::RunningTask& running : message.tasks()) {
    TaskProgress task;
    task.task = running.task();
    task.phase = PhaseName(running.phase());
    task.bytes_done = running.bytes_done();
    task.files_done = running.files_done();
    task.bytes_per_second = running.bytes_per_second();
    task.epoch = {running.epoch().generation(), running.epoch().n()};
    const v1::StageShares& stages = running.stages();
    task.stages = {stages.storage(), stages.work(), stages.cap(), stages.lan(), stages.line(), stages.idle()};
    report.tasks.push_back(std::move(task));
  }
  report.slots_free = message.slots_free();
  report.volumes = FromMessage(message.volumes());
  for (const v1::RelayStatus& status : message.relays()) {
    report.relays.push_back({status.relay(), status.tended(), status.draining(), status.load(),
                             std::chrono::milliseconds(status.clock_skew_milliseconds()), status.keys_number(),
                             status.deny_number(), status.problem(), std::min(status.busy_per_mille(), 1000u)});
  }
  report.roster_number = message.roster_number();
  report.deny_number = message.deny_number();
  return report;
}

}  // namespace crossdock::orchestrator::api
