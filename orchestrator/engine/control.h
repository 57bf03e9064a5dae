// What people do to transfers. `actor` is the caller's name, for history and audit.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
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

// Made by hand: the same path as an event's, without a trigger. `request_id` makes repeats harmless.
absl::StatusOr<Transfer> CreateTransfer(const Context& context, const Entity& entity, const PlannedDelivery& planned,
                                        std::string_view request_id, bool validate_only, std::string_view actor);

// Each gives the transfer as it stands afterwards; doing a thing twice is doing it once. FAILED_PRECONDITION with
// STATE_CONFLICT when its state does not allow it.
absl::StatusOr<Transfer> Cancel(const Context& context, std::string_view transfer, std::string_view reason,
                                std::string_view actor);
absl::StatusOr<Transfer> Pause(const Context& context, std::string_view transfer, std::string_view reason,
                               std::string_view actor);
absl::StatusOr<Transfer> Resume(const Context& context, std::string_view transfer, std::string_view actor);
absl::StatusOr<Transfer> Retry(const Context& context, std::string_view transfer, std::string_view actor);

}  // namespace crossdock::orchestrator::engine
