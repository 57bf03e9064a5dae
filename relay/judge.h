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

// Clocks of relays and of the orchestrator may differ by so much, as everywhere with signed times.
inline constexpr std::chrono::seconds kClockTolerance{30};

// The ticket; or PERMISSION_DENIED (UNAVAILABLE for what passes) with a reason of lib/wire/relay_reason.h.
absl::StatusOr<wire::Ticket> Judge(const wire::Join& join, std::string_view caller_spki, std::string_view own_spki,
                                   const Bundles& bundles, base::Instant now);

// HOLDER_DENIED when the ticket names a denied key. Asked once more after the leg has its place, because a denial may
// arrive between the judgement and that.
absl::Status CheckNotDenied(const wire::Ticket& ticket, const Bundles& bundles);

}  // namespace crossdock::relay
