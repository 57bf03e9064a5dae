#include "orchestrator/api/messages.h"

#include "orchestrator/core/bottleneck.h"

namespace crossdock::orchestrator::api {

void Put(base::Instant instant, google::protobuf::Timestamp* out) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(instant);
  out->set_seconds(seconds.time_since_epoch().count());
  out->set_nanos(static_cast<int32_t>(std::chrono::nanoseconds(instant - seconds).count()));
}

base::Instant ToInstant(const google::protobuf::Timestamp& time) {
  return base::Instant(std::chrono::seconds(time.seconds()) + std::chrono::microseconds(time.nanos() / 1000));
}

studio::v1::TransferState ToMessage(State state) {
  using namespace studio::v1;  // NOLINT: the enum's long names
  switch (state) {
    case State::kReceived:
      return TRANSFER_STATE_RECEIVED;
    case State::kScanning:
      return TRANSFER_STATE_SCANNING;
    case State::kDeciding:
      return TRANSFER_STATE_DECIDING;
    case State::kHeld:
      return TRANSFER_STATE_HELD;
    case State::kAwaitingApproval:
      return TRANSFER_STATE_AWAITING_APPROVAL;
    case State::kQueued:
      return TRANSFER_STATE_QUEUED;
    case State::kRunning:
      return TRANSFER_STATE_RUNNING;
    case State::kPublishing:
      return TRANSFER_STATE_PUBLISHING;
    case State::kDelivered:
      return TRANSFER_STATE_DELIVERED;
    case State::kClosed:
      return TRANSFER_STATE_CLOSED;
    case State::kDenied:
      return TRANSFER_STATE_DENIED;
    case State::kSuperseded:
      return TRANSFER_STATE_SUPERSEDED;
    case State::kExpired:
      return TRANSFER_STATE_EXPIRED;
    case State::kCancelled:
      return TRANSFER_STATE_CANCELLED;
    case State::kFailed:
      return TRANSFER_STATE_FAILED;
  }
  return TRANSFER_STATE_UNSPECIFIED;
}

std::optional<State> FromMessage(studio::v1::TransferState state) {
  for (int i = 0; i < kStateCount; ++i) {
    if (ToMessage(static_cast<State>(i)) == state) return static_cast<State>(i);
  }
  return std::nullopt;
}

namespace {

PassedRelay PassedRelayOf(const Fleet& fleet, const std::string& site, const std::string& relay) {
  const auto report = fleet.FindRelay(site, relay);
  return report ? PassedRelay{relay, report->busy_per_mille} : PassedRelay();
}

}  // namespace

studio::v1::Transfer ToMessage(const Transfer& transfer, const Fleet& fleet) {
  studio::v1::Transfer out;
  out.set_transfer(transfer.id);
  auto* entity = out.mutable_entity();
  entity->set_source(transfer.entity.source);
  entity->set_type(transfer.entity.type);
  entity->set_id(transfer.entity.id);
  entity->set_client(transfer.entity.client);
  entity->set_project(transfer.entity.project);
  entity->set_name(transfer.entity.name);
  entity->set_version(transfer.entity.version);
  entity->set_status(transfer.entity.status);
  entity->set_generation(transfer.entity.generation);
  entity->set_publisher(transfer.entity.publisher);
  entity->set_classification(transfer.entity.classification);
  for (const std::string& tag : transfer.entity.tags) entity->add_tags(tag);
  out.set_source_site(transfer.source_site);
  out.set_destination_site(transfer.destination_site);
  out.set_volume(transfer.volume);
  out.set_path(transfer.path);
  out.set_destination_path(transfer.destination_path);
  out.set_purpose(transfer.purpose);
  out.set_priority(transfer.priority);
  out.set_merge(transfer.merge);
  out.set_replace(transfer.replace);
  out.set_ready(transfer.ready);
  out.set_state(ToMessage(transfer.state));
  out.set_reason(transfer.reason);
  out.set_detail(transfer.detail);
  out.set_paused(!transfer.paused_by.empty());
  out.set_paused_by(transfer.paused_by);
  out.set_paused_reason(transfer.paused_reason);
  out.set_files(static_cast<uint64_t>(transfer.files));
  out.set_bytes(static_cast<uint64_t>(transfer.bytes));
  if (transfer.state == State::kRunning || transfer.state == State::kPublishing) {
    if (const auto progress = fleet.ProgressOf(transfer.id)) {
      out.set_bytes_done(progress->bytes_done);
      out.set_files_done(progress->files_done);
      out.set_bytes_per_second(progress->bytes_per_second);
    }
    const auto [sender, receiver] = fleet.EndsOf(transfer.id);
    if (transfer.state == State::kRunning && sender && receiver) {
      const Bottleneck bottleneck = FindBottleneck(sender->stages, receiver->stages,
                                                   PassedRelayOf(fleet, transfer.source_site, transfer.relay_from),
                                                   PassedRelayOf(fleet, transfer.destination_site, transfer.relay_to));
      out.set_held_back_by(bottleneck.name);
      out.set_held_back_detail(bottleneck.sentence);
    }
  } else if (transfer.state == State::kDelivered || transfer.state == State::kClosed) {
    out.set_bytes_done(out.bytes());
    out.set_files_done(out.files());
  }
  out.mutable_epoch()->set_generation(transfer.epoch.generation);
  out.mutable_epoch()->set_n(transfer.epoch.n);
  out.set_listing_digest(transfer.listing);
  out.set_content_root(transfer.content);
  out.set_trigger(transfer.trigger);
  out.set_requester(transfer.requester);
  Put(transfer.created, out.mutable_created());
  Put(transfer.changed, out.mutable_changed());
  if (transfer.deadline) Put(*transfer.deadline, out.mutable_deadline());
  out.set_delivery(transfer.delivery);
  out.set_attempts(transfer.attempts);
  return out;
}

studio::v1::HistoryEntry ToMessage(const store::HistoryEntry& entry) {
  studio::v1::HistoryEntry out;
  Put(entry.at, out.mutable_at());
  out.set_from(ToMessage(entry.from));
  out.set_to(ToMessage(entry.to));
  out.set_cause(entry.cause);
  out.set_actor(entry.actor);
  out.set_reason(entry.reason);
  out.set_detail(entry.detail);
  return out;
}

studio::v1::Finding ToMessage(const store::Finding& finding) {
  studio::v1::Finding out;
  out.set_code(finding.code);
  out.set_path(finding.path);
  out.set_detail(finding.detail);
  return out;
}

studio::v1::Requirement ToMessage(const OpenRequirement& requirement) {
  studio::v1::Requirement out;
  out.set_requirement(requirement.id);
  out.set_count(requirement.count);
  out.set_have(static_cast<int32_t>(requirement.approved_by.size()));
  for (const std::string& from : requirement.from) out.add_from(from);
  for (const std::string& person : requirement.approved_by) out.add_approved_by(person);
  return out;
}

studio::v1::InboxEntry ToMessage(const InboxEntry& entry) {
  studio::v1::InboxEntry out;
  auto* event = out.mutable_event();
  event->set_source(entry.event.source);
  event->set_external_id(entry.event.external_id);
  event->set_kind(entry.event.kind);
  event->set_project(entry.event.project);
  event->set_entity_type(entry.event.entity_type);
  event->set_entity_id(entry.event.entity_id);
  Put(entry.event.occurred, event->mutable_occurred());
  event->set_data_json(entry.event.data_json);
  Put(entry.received, out.mutable_received());
  out.set_detail(entry.detail);
  for (const std::string& transfer : entry.transfers) out.add_transfers(transfer);
  const std::string& outcome = entry.state == "parked" ? entry.state : entry.outcome;
  out.set_outcome(outcome == "transfers_made" ? studio::v1::EVENT_OUTCOME_TRANSFERS_MADE
                  : outcome == "no_trigger"   ? studio::v1::EVENT_OUTCOME_NO_TRIGGER
                  : outcome == "superseded"   ? studio::v1::EVENT_OUTCOME_SUPERSEDED
                  : outcome == "parked"       ? studio::v1::EVENT_OUTCOME_PARKED
                                              : studio::v1::EVENT_OUTCOME_WAITING);
  return out;
}

Entity FromMessage(const studio::v1::Entity& entity) {
  Entity out;
  out.source = entity.source();
  out.type = entity.type();
  out.id = entity.id();
  out.client = entity.client();
  out.project = entity.project();
  out.name = entity.name();
  out.version = entity.version();
  out.status = entity.status();
  out.generation = entity.generation();
  out.publisher = entity.publisher();
  out.classification = entity.classification();
  out.tags = {entity.tags().begin(), entity.tags().end()};
  return out;
}

Event FromMessage(const studio::v1::Event& event) {
  Event out;
  out.source = event.source();
  out.external_id = event.external_id();
  out.kind = event.kind();
  out.project = event.project();
  out.entity_type = event.entity_type();
  out.entity_id = event.entity_id();
  out.occurred = ToInstant(event.occurred());
  if (!event.data_json().empty()) out.data_json = event.data_json();
  return out;
}

admin::v1::Policy ToMessage(const store::Policy& policy) {
  admin::v1::Policy out;
  out.set_client(policy.client);
  out.set_digest(policy.digest);
  out.set_title(policy.title);
  out.set_number(policy.number);
  out.set_active(policy.active);
  out.set_author(policy.author);
  Put(policy.proposed, out.mutable_proposed());
  if (policy.activated) Put(*policy.activated, out.mutable_activated());
  out.set_officer(policy.officer);
  return out;
}

admin::v1::TriggerSet ToMessage(const store::TriggerSet& set) {
  admin::v1::TriggerSet out;
  out.set_name(set.name);
  out.set_text(set.text);
  for (const std::string& name : set.names) out.add_triggers(name);
  Put(set.applied, out.mutable_applied());
  out.set_author(set.author);
  return out;
}

admin::v1::Token ToMessage(const store::ApiToken& token) {
  admin::v1::Token out;
  out.set_token(token.id);
  out.set_subject(token.subject);
  for (const std::string& role : token.roles) out.add_roles(role);
  out.set_client(token.client);
  Put(token.expires, out.mutable_expires());
  out.set_revoked(token.revoked);
  return out;
}

admin::v1::AuditRecord ToMessage(const store::AuditRecord& record) {
  admin::v1::AuditRecord out;
  out.set_number(static_cast<uint64_t>(record.number));
  Put(record.at, out.mutable_at());
  out.set_client(record.client);
  out.set_actor(record.actor);
  out.set_action(record.action);
  out.set_transfer(record.transfer);
  out.set_result(record.result);
  out.set_detail_json(record.detail_json);
  return out;
}

}  // namespace crossdock::orchestrator::api
