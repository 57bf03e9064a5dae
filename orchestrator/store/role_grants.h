// Role grants and access reviews.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/role_grant.h"

namespace crossdock::orchestrator::store {

// Whoever gives, ends or reviews roles waits for the others: until the transaction ends.
void LockRoleGrants(pg::Tx& tx);
void InsertRoleGrant(pg::Tx& tx, const RoleGrant& grant);
std::optional<RoleGrant> GetRoleGrant(pg::Tx& tx, std::string_view id);
// Neither ended nor expired at `now`; of one person, or with an empty one of everybody. Ordered by id.
std::vector<RoleGrant> OpenRoleGrants(pg::Tx& tx, std::string_view person, base::Instant now);
// All there ever were, after `after_id`; an empty person: everybody's. Ordered by id.
std::vector<RoleGrant> ListRoleGrants(pg::Tx& tx, std::string_view person, std::string_view after_id, int limit);
// `ending`: "revoked" or "suspended". False when it has ended before.
bool EndRoleGrant(pg::Tx& tx, std::string_view id, std::string_view ending, std::string_view by, base::Instant at);

struct AccessReview {
  std::string id;
  base::Instant opened;
  std::string opened_by;
  base::Instant ends;
  std::optional<base::Instant> closed;
  std::string closed_by;
};
struct AccessReviewEntry {
  RoleGrant grant;
  std::string reviewer;
  std::string decision;  // "attested", "suspended"; empty: not yet
  std::optional<base::Instant> decided;
  std::string decided_by;
  std::string note;
};
// Fails with a unique violation while another one is open.
void InsertAccessReview(pg::Tx& tx, const AccessReview& review);
void InsertAccessReviewEntry(pg::Tx& tx, std::string_view review, std::string_view grant, std::string_view reviewer);
// With an empty id the one that was opened last.
std::optional<AccessReview> GetAccessReview(pg::Tx& tx, std::string_view id);
std::optional<AccessReview> OpenAccessReview(pg::Tx& tx);
std::vector<AccessReviewEntry> AccessReviewEntries(pg::Tx& tx, std::string_view review);
void DecideAccess(pg::Tx& tx, std::string_view review, std::string_view grant, std::string_view decision,
                  std::string_view by, std::string_view note, base::Instant now);
void CloseAccessReview(pg::Tx& tx, std::string_view review, std::string_view by, base::Instant at);

}  // namespace crossdock::orchestrator::store
