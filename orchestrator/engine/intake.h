// From the inbox to transfers, and from transfers back to the asset database.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/core/event.h"
#include "orchestrator/engine/asset_database.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

using AssetDatabases = std::vector<AssetDatabase*>;  // not owned

// Puts an event into the inbox. False when it is there already. EVENT_TOO_LARGE, EVENT_MALFORMED, SOURCE_UNKNOWN.
absl::StatusOr<bool> PublishEvent(const Context& context, const AssetDatabases& databases, const Event& event);

// Takes waiting entries, reads each one's entity again, and makes the transfers that the triggers want. What fails is
// tried again with backoff, and parked after kInboxAttemptsMax with its reason; it blocks nobody.
inline constexpr int kInboxAttemptsMax = 10;
absl::Status ProcessInbox(const Context& context, const AssetDatabases& databases, base::Instant now);

// Level-triggered: makes what is missing for an entity that is ready, as if an event had said so.
absl::Status ReconcileEntity(const Context& context, AssetDatabase& database, std::string_view type,
                             std::string_view id);

// Tells the asset databases what they have not been told yet.
absl::Status WriteBack(const Context& context, const AssetDatabases& databases, base::Instant now);

// What the triggers would do for an entity now; makes nothing.
absl::StatusOr<TriggerTest> TestTriggers(const Context& context, const AssetDatabases& databases,
                                         std::string_view source, std::string_view type, std::string_view id);

}  // namespace crossdock::orchestrator::engine
