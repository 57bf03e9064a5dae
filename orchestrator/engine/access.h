// Who is given which role, and who has looked whether that is still right. Everything is audited.
//
// A role is given by one person of the roster to another, for at most a year. A review asks, for each role that is
// held, somebody else than its holder; what nobody attested until the review's end is suspended, to the instant
// (StateOf), whenever the duty writes it down.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/random.h"
#include "lib/pg/database.h"
#include "lib/trust/roster.h"
#include "orchestrator/core/role_grant.h"
#include "orchestrator/store/role_grants.h"

namespace crossdock::orchestrator::engine {

inline constexpr std::chrono::hours kRoleGrantMax{24 * 366};
inline constexpr std::chrono::hours kAccessReviewMax{24 * 92};
inline constexpr size_t kRoleGrantsMax = 10'000;  // held at one time

// Not owned. Thread-safe, as its parts are.
struct Access {
  pg::Database& database;
  const base::Clock& clock;
  base::Random& random;
};

// A caller: as the audit log has it, and the person; empty: none of the roster, who can give and attest nothing
// (PERSON_NEEDED).
struct AccessActor {
  std::string subject;
  std::string person;
};

struct WantedGrant {
  std::string person;
  std::string role;    // one that there is
  std::string client;  // empty: the whole studio
  std::string reason;
  base::Instant expires;
};
// What a person holds besides grants, by the orchestrator's configuration.
using ConfiguredRoles = std::function<std::vector<HeldRole>(const trust::Roster& roster, const std::string& person)>;

// PERSON_UNKNOWN, PERSON_NEEDED, TWO_PERSONS_NEEDED (to oneself), ROLE_EXCLUDED, ROLE_GRANT_EXISTS, ROLE_GRANT_TIME,
// ROLE_GRANTS_TOO_MANY, ROSTER_MISSING.
absl::StatusOr<RoleGrant> GrantRole(const Access& access, const WantedGrant& wanted, const ConfiguredRoles& configured,
                                    const AccessActor& actor);
// Ends it now. One that is over stays as it ended. ROLE_GRANT_UNKNOWN.
absl::StatusOr<RoleGrant> RevokeRole(const Access& access, std::string_view grant, std::string_view reason,
                                     const AccessActor& actor);

// Asks about every grant that is live now: `reviewer`, or with an empty one whoever gave it; never the holder.
// ACCESS_REVIEW_OPEN while there is one, ACCESS_REVIEW_TIME, REVIEWER_MISSING, PERSON_UNKNOWN, PERSON_NEEDED.
absl::StatusOr<store::AccessReview> OpenReview(const Access& access, base::Instant ends, std::string_view reviewer,
                                               const AccessActor& actor);
// The word of a grant's reviewer: it stays, or it ends now. ACCESS_REVIEW_CLOSED, ACCESS_REVIEW_ENTRY_UNKNOWN,
// REVIEWER_OTHER, PERSON_NEEDED; ROLE_GRANT_ENDED for attesting what is over.
absl::Status DecideAccess(const Access& access, std::string_view review, std::string_view grant, bool attest,
                          std::string_view note, const AccessActor& actor);
// Ends it, with an empty id the open one, now; what nobody attested is suspended. ACCESS_REVIEW_CLOSED,
// ACCESS_REVIEW_UNKNOWN.
absl::StatusOr<store::AccessReview> CloseReview(const Access& access, std::string_view review,
                                                const AccessActor& actor);
// The duty: closes the review whose end has passed.
absl::Status CloseOverdueReview(pg::Database& database, base::Instant now);

}  // namespace crossdock::orchestrator::engine
