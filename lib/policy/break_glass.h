// What two persons can lift of a decision in an emergency, and what stands whoever signs. Pure.
//
// Liftable: what a rule forbids without `strength: absolute`, what a rule holds, hours that are closed, and approvals
// that are open. Nothing else: not what no rule allows, not a person's no, not what cannot be decided, because behind
// an unknown fact may stand an absolute forbid. All that stands against a transfer is lifted, or nothing is.
//
// A layer is lifted only by those whom that layer itself names (`break_glass`), so that none loosens another.
#pragma once

#include <span>

#include "absl/status/statusor.h"
#include "lib/policy/evaluate.h"

namespace crossdock::policy {

inline constexpr char kBreakGlassNotNeeded[] = "BREAK_GLASS_NOT_NEEDED";        // nothing stands against it
inline constexpr char kBreakGlassAbsolute[] = "BREAK_GLASS_ABSOLUTE";           // an absolute forbid matched
inline constexpr char kBreakGlassCannotLift[] = "BREAK_GLASS_CANNOT_LIFT";      // something of another kind
inline constexpr char kBreakGlassNotPermitted[] = "BREAK_GLASS_NOT_PERMITTED";  // the layer names nobody
inline constexpr char kBreakGlassNotEligible[] = "BREAK_GLASS_NOT_ELIGIBLE";    // it names others

// The layers whose word stands against it, when all of that can be lifted; the refusals above but the last otherwise.
// `layers` are those that `decision` was made by.
absl::StatusOr<std::vector<const Policy*>> LiftedLayers(const Decision& decision,
                                                        std::span<const Policy* const> layers);

// `decision` with all that stood against it in `lifted`, nothing open, and those whom the layers want told among
// `obligations.notify`. What due rules want of the transfer itself stays due. The caller has verified that `first` and
// `second` are two persons of the roster who signed it; only who they are counts here.
absl::StatusOr<Decision> Lift(const Decision& decision, std::span<const Policy* const> layers, const Approval& first,
                              const Approval& second);

}  // namespace crossdock::policy
