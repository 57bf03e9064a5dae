// The studio's and administrators' contracts ⇄ core and store: nothing but translation.
#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "crossdock/admin/v1/admin.pb.h"
#include "crossdock/studio/v1/approval.pb.h"
#include "crossdock/studio/v1/event.pb.h"
#include "crossdock/studio/v1/transfer.pb.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/core/event.h"
#include "orchestrator/core/fleet.h"
#include "orchestrator/core/transfer.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/manifests.h"
#include "orchestrator/store/rules.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::api {

void Put(base::Instant instant, google::protobuf::Timestamp* out);
base::Instant ToInstant(const google::protobuf::Timestamp& time);

studio::v1::TransferState ToMessage(State state);
// State of the contract to ours; nothing for UNSPECIFIED.
std::optional<State> FromMessage(studio::v1::TransferState state);

// With the progress that the agents reported last.
studio::v1::Transfer ToMessage(const Transfer& transfer, const Fleet& fleet);
studio::v1::HistoryEntry ToMessage(const store::HistoryEntry& entry);
studio::v1::Finding ToMessage(const store::Finding& finding);
studio::v1::Requirement ToMessage(const OpenRequirement& requirement);
studio::v1::InboxEntry ToMessage(const InboxEntry& entry);
Entity FromMessage(const studio::v1::Entity& entity);
Event FromMessage(const studio::v1::Event& event);

admin::v1::Policy ToMessage(const store::Policy& policy);
admin::v1::TriggerSet ToMessage(const store::TriggerSet& set);
admin::v1::Token ToMessage(const store::ApiToken& token);
admin::v1::AuditRecord ToMessage(const store::AuditRecord& record);

}  // namespace crossdock::orchestrator::api
