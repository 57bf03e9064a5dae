#include "orchestrator/core/policy_life.h"

#include "absl/strings/match.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::orchestrator {

std::optional<VersionState> Next(VersionState from, VersionCause cause) {
  for (const VersionMove& move : kVersionMoves) {
    if (move.from == from && move.cause == cause) return move.to;
  }
  return std::nullopt;
}

std::string_view Name(VersionState state) {
  switch (state) {
    case VersionState::kProposed:
      return "proposed";
    case VersionState::kApproved:
      return "approved";
    case VersionState::kInForce:
      return "in_force";
    case VersionState::kReplaced:
      return "replaced";
    case VersionState::kStale:
      return "stale";
    case VersionState::kWithdrawn:
      return "withdrawn";
  }
  return "unknown";
}

std::string_view Name(VersionCause cause) {
  switch (cause) {
    case VersionCause::kProposed:
      return "proposed";
    case VersionCause::kApproved:
      return "approved";
    case VersionCause::kActivated:
      return "activated";
    case VersionCause::kRolledBack:
      return "rolled_back";
    case VersionCause::kReplaced:
      return "replaced";
    case VersionCause::kOvertaken:
      return "overtaken";
    case VersionCause::kWithdrawn:
      return "withdrawn";
  }
  return "unknown";
}

std::optional<VersionState> ParseVersionState(std::string_view name) {
  for (int i = 0; i < kVersionStateCount; ++i) {
    const VersionState state = static_cast<VersionState>(i);
    if (Name(state) == name) return state;
  }
  return std::nullopt;
}

std::string_view Name(Basis basis) {
  switch (basis) {
    case Basis::kTwoPersons:
      return "two_persons";
    case Basis::kFirst:
      return "first";
    case Basis::kSoleOfficer:
      return "sole_officer";
    case Basis::kTightens:
      return "tightens";
    case Basis::kStops:
      return "stops";
  }
  return "unknown";
}

absl::StatusOr<Basis> WhoseWord(const Approving& a) {
  if (a.stops) return Basis::kStops;
  if (a.first) return Basis::kFirst;
  if (a.rollback && a.tightens) return Basis::kTightens;
  if (a.sole_officer) return Basis::kSoleOfficer;
  if (a.rollback) {
    return base::WithReason(
        base::FailedPrecondition("going back to this version would let through what is stopped now, which takes two "
                                 "persons: propose it again, and let another officer approve it"),
        "ROLLBACK_LOOSENS");
  }
  // A token's maker could propose by it, and sign; an account that is tied to nobody may be the officer's own.
  if (a.author.empty()) {
    return base::WithReason(
        base::PermissionDenied("'", a.account, "' is no person of the roster: let somebody who is propose this ",
                               "version, or let the officers say whose account it is (crossdock roster add-person)"),
        "TWO_PERSONS_NEEDED");
  }
  if (absl::EqualsIgnoreCase(base::ToAbsl(a.author), base::ToAbsl(a.officer))) {
    return base::WithReason(base::PermissionDenied("'", a.officer,
                                                   "' proposed this version and cannot approve it; ask "
                                                   "another officer of the roster to"),
                            "TWO_PERSONS_NEEDED");
  }
  return Basis::kTwoPersons;
}

}  // namespace crossdock::orchestrator
