// What people do to transfers. The actor's name goes to history and audit; its request_id makes repeats harmless.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/core/trigger.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// A transfer in `received`, from one planned delivery. Nothing when the same delivery was made before; `existing` then
// holds its id.
absl::StatusOr<std::optional<Transfer>> Insert(const Context& context, pg::Tx& tx, const Entity& entity,
                                               const PlannedDelivery& planned, std::string_view requester,
                                               std::optional<int64_t> inbox, std::string_view event_kind,
                                               std::string_view delivery, std::string* existing, base::Instant now);

// Received → scanning: chooses the agent that scans. Stays, with its reason, while no agent at the source is online.
absl::Status AcceptAll(const Context& context, base::Instant now);

// Made by hand: the same path as an event's, without a trigger. REQUEST_ID_MISSING unless it only validates;
// REQUEST_ID_REUSED when the earlier call asked for something else.
absl::StatusOr<Transfer> CreateTransfer(const Context& context, const Entity& entity, const PlannedDelivery& planned,
                                        bool validate_only, const Actor& actor);

// Each gives the transfer as it stands afterwards; doing a thing twice is doing it once. FAILED_PRECONDITION with
// STATE_CONFLICT when its state does not allow it.
absl::StatusOr<Transfer> Cancel(const Context& context, std::string_view transfer, std::string_view reason,
                                const Actor& actor);
absl::StatusOr<Transfer> Pause(const Context& context, std::string_view transfer, std::string_view reason,
                               const Actor& actor);
absl::StatusOr<Transfer> Resume(const Context& context, std::string_view transfer, const Actor& actor);
absl::StatusOr<Transfer> Retry(const Context& context, std::string_view transfer, const Actor& actor);

}  // namespace crossdock::orchestrator::engine
