// The life of a version of a policy: its states, the only legal moves between them, and whose word it takes to put one
// in force. Pure. docs/state_machines.md shows the moves; a test compares.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::orchestrator {

enum class VersionState {
  kProposed,   // handed in by its author
  kApproved,   // an officer has signed that it may come into force
  kInForce,    // what is decided by
  kReplaced,   // was in force
  kStale,      // another came into force: what it changes is not what was shown
  kWithdrawn,  // given up
};
inline constexpr int kVersionStateCount = 6;

enum class VersionCause {
  kProposed,
  kApproved,
  kActivated,
  kRolledBack,
  kReplaced,   // another version came into force in its place
  kOvertaken,  // another came into force before it
  kWithdrawn,
};

struct VersionMove {
  VersionState from;
  VersionCause cause;
  VersionState to;
};

inline constexpr std::array kVersionMoves = {
    VersionMove{VersionState::kProposed, VersionCause::kApproved, VersionState::kApproved},
    VersionMove{VersionState::kProposed, VersionCause::kOvertaken, VersionState::kStale},
    VersionMove{VersionState::kProposed, VersionCause::kWithdrawn, VersionState::kWithdrawn},
    VersionMove{VersionState::kApproved, VersionCause::kActivated, VersionState::kInForce},
    VersionMove{VersionState::kApproved, VersionCause::kOvertaken, VersionState::kStale},
    VersionMove{VersionState::kApproved, VersionCause::kWithdrawn, VersionState::kWithdrawn},
    VersionMove{VersionState::kInForce, VersionCause::kReplaced, VersionState::kReplaced},
    VersionMove{VersionState::kReplaced, VersionCause::kRolledBack, VersionState::kInForce},
    VersionMove{VersionState::kReplaced, VersionCause::kProposed, VersionState::kProposed},
    VersionMove{VersionState::kStale, VersionCause::kProposed, VersionState::kProposed},
    VersionMove{VersionState::kWithdrawn, VersionCause::kProposed, VersionState::kProposed},
};

// The state after `cause` in `from`; nothing when that is no legal move.
std::optional<VersionState> Next(VersionState from, VersionCause cause);
// As in the database and on the screen: "in_force", "rolled_back".
std::string_view Name(VersionState state);
std::string_view Name(VersionCause cause);
std::optional<VersionState> ParseVersionState(std::string_view name);

// Why one officer's signature is enough.
enum class Basis {
  kTwoPersons,   // the officer is not the author
  kFirst,        // there was nothing in force before: the studio is being set up
  kSoleOfficer,  // the roster has no other officer
  kTightens,     // a version that was in force before, and lets nothing through that is stopped now
  kStops,        // it lets nothing through at all
};
std::string_view Name(Basis basis);

struct Approving {
  std::string author;   // the person who proposed it, as the roster calls them; empty: no person of the roster
  std::string officer;  // the person who signed it, likewise
  bool first = false;
  bool sole_officer = false;
  bool rollback = false;  // it was in force before, and nobody has proposed it since
  bool tightens = false;  // of a rollback
  bool stops = false;
  std::string account{};  // that it was proposed by, for the message: "token:git"
};

// Whose word it is. TWO_PERSONS_NEEDED when the author signs; ROLLBACK_LOOSENS for a rollback that does.
absl::StatusOr<Basis> WhoseWord(const Approving& approving);

}  // namespace crossdock::orchestrator
