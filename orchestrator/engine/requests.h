// Calls that are made twice: whoever does not know the outcome of a call repeats it with the same request_id, and
// nothing happens a second time.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/pg/tx.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

inline constexpr size_t kRequestIdSizeMax = 128;
// A call that is repeated later than this is a new one.
inline constexpr std::chrono::hours kRequestsKeptFor{7 * 24};

// What the actor's earlier `method` with this request_id worked on; nothing when this is the first one or it has no
// request_id. INVALID_ARGUMENT with REQUEST_ID_INVALID, or REQUEST_ID_REUSED when it was another method's.
absl::StatusOr<std::optional<std::string>> EarlierResource(pg::Tx& tx, const Actor& actor, std::string_view method);

// Remembers the call in the transaction of its change. ABORTED (run again) when another one was quicker.
absl::Status Remember(pg::Tx& tx, const Actor& actor, std::string_view method, std::string_view resource,
                      base::Instant now);

// Both in one, for a call whose resource is known beforehand: true when it was made before and has nothing to do.
// REQUEST_ID_REUSED when it was made for another resource.
absl::StatusOr<bool> IsRepeat(pg::Tx& tx, const Actor& actor, std::string_view method, std::string_view resource,
                              base::Instant now);

// The duty that forgets what is older than kRequestsKeptFor.
absl::Status ForgetRequests(const Context& context, base::Instant now);

// INVALID_ARGUMENT with REQUEST_ID_REUSED.
absl::Status RequestIdReused(const Actor& actor);

}  // namespace crossdock::orchestrator::engine
