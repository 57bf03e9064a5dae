#include "lib/policy/break_glass.h"

#include <algorithm>
#include <string>
#include <utility>

#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::policy {
namespace {

constexpr std::string_view kOpen = "needs-approval: ";

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

bool CanBeLifted(const Reason& reason) {
  return reason.code == "forbidden" || reason.code == "held" || reason.code == "outside-window" ||
         reason.code.starts_with(kOpen);
}

// The layer whose rule or requirement it is: by the prefix of its id, which no id can hold itself.
const Policy* LayerOf(const Reason& reason, std::span<const Policy* const> layers) {
  std::string_view id = reason.rule;
  if (reason.code.starts_with(kOpen)) id = std::string_view(reason.code).substr(kOpen.size());
  const size_t slash = id.find('/');
  const std::string_view prefix = slash == std::string_view::npos ? std::string_view() : id.substr(0, slash + 1);
  // One policy that is asked alone writes its ids without.
  if (layers.size() == 1) return layers.front();
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](const Policy* layer) { return ScopePrefix(layer->scope()) == prefix; });
  return found == layers.end() ? nullptr : *found;
}

absl::Status CheckEligible(const Policy& layer, const Approval& person) {
  const auto& from = layer.break_glass->from;
  const bool named =
      !person.is_service && !person.person.empty() &&
      std::any_of(from.begin(), from.end(), [&](const ApproverSet& set) { return IsMember(set, person); });
  if (named) return absl::OkStatus();
  return Refused(kBreakGlassNotEligible, "'", person.person, "' is not among those who may break the glass for ",
                 ScopeName(layer.scope()), "; its policy names them (`break_glass`)");
}

}  // namespace

absl::StatusOr<std::vector<const Policy*>> LiftedLayers(const Decision& decision,
                                                        std::span<const Policy* const> layers) {
  if (decision.reasons.empty()) return Refused(kBreakGlassNotNeeded, "nothing stands against it");
  if (decision.absolute) {
    return Refused(kBreakGlassAbsolute, "a rule of strength absolute forbids it, and nothing lifts that");
  }
  std::vector<const Policy*> lifted;
  for (const Reason& reason : decision.reasons) {
    const Policy* layer = CanBeLifted(reason) ? LayerOf(reason, layers) : nullptr;
    if (layer == nullptr) return Refused(kBreakGlassCannotLift, "breaking the glass does not lift this: ", reason.text);
    if (!layer->break_glass) {
      return Refused(kBreakGlassNotPermitted, "the policy of ", ScopeName(layer->scope()),
                     " lets nobody break the glass, and this is its word: ", reason.text);
    }
    if (std::find(lifted.begin(), lifted.end(), layer) == lifted.end()) lifted.push_back(layer);
  }
  return lifted;
}

absl::StatusOr<Decision> Lift(const Decision& decision, std::span<const Policy* const> layers, const Approval& first,
                              const Approval& second) {
  ASSIGN_OR_RETURN(const std::vector<const Policy*> lifted, LiftedLayers(decision, layers));
  Decision result = decision;
  for (const Policy* layer : lifted) {
    RETURN_IF_ERROR(CheckEligible(*layer, first));
    RETURN_IF_ERROR(CheckEligible(*layer, second));
    result.obligations.notify.insert(layer->break_glass->notify.begin(), layer->break_glass->notify.end());
  }
  result.verdict = Verdict::kAllow;
  result.lifted = std::exchange(result.reasons, {});
  result.open.clear();
  // Only approvals name the content; without them nothing need wait for its hash.
  result.bind_content = std::any_of(result.satisfied.begin(), result.satisfied.end(),
                                    [](const RequirementStatus& met) { return met.bind.contains(Bind::kContent); });
  return result;
}

}  // namespace crossdock::policy
