// Emergencies: two persons let one transfer go past the rules for a few hours, and a third reviews it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "orchestrator/core/commands.h"
#include "orchestrator/engine/context.h"

namespace crossdock::orchestrator::engine {

// From when it was broken.
inline constexpr std::chrono::hours kBreakGlassReviewWithin{48};

// What stands against the transfer, and who could lift it. The refusals of clearance, and BREAK_GLASS_NOT_NEEDED.
absl::StatusOr<BreakGlassSubject> BreakGlassOf(const Context& context, const Transfer& transfer);

// Verifies the statement. With the first person's signature alone it is kept for the second; with both the glass is
// broken: who must be told is told, and the transfer is decided again by it, a denied one after a new look at its
// source. The same again is taken again. Refused with the reasons of trust::VerifyBreakGlass and policy::Lift, and
// BREAK_GLASS_NOT_NEEDED (in no state in which something stands against it), BREAK_GLASS_REVIEW_OVERDUE (of the client
// there is one that nobody reviewed in time).
absl::Status SubmitBreakGlass(const Context& context, std::string_view transfer, std::string_view statement,
                              std::string_view actor);

// Keeps a third person's signed review. The same again is taken again. Refused with the reasons of
// trust::VerifyBreakGlassReview, and BREAK_GLASS_UNKNOWN, BREAK_GLASS_STILL_OPEN (it has not ended),
// BREAK_GLASS_REVIEWED.
absl::Status ReviewBreakGlass(const Context& context, std::string_view transfer, std::string_view statement,
                              std::string_view actor);

// How it stands, in English, for those who ask about the transfer.
std::vector<std::string> BreakGlassLines(pg::Tx& tx, std::string_view transfer, base::Instant now);

}  // namespace crossdock::orchestrator::engine
