// Whether a join is let in: the ticket against this relay, the caller's key, the moment and the bundles. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/wire/admission.h"
#include "lib/wire/ticket.h"
#include "relay/bundles.h"

namespace crossdock::relay {

// Clocks of relays and of the orchestrator may differ by so much.
inline constexpr std::chrono::seconds kClockTolerance{60};

// The ticket; or PERMISSION_DENIED (UNAVAILABLE for what passes) with a reason of lib/wire/relay_reason.h.
absl::StatusOr<wire::Ticket> Judge(const wire::Join& join, std::string_view caller_spki, std::string_view own_spki,
                                   const Bundles& bundles, base::Instant now);

}  // namespace crossdock::relay
