#include "orchestrator/store/role_grants.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kLock{"role_grant_lock", "SELECT pg_advisory_xact_lock(7310444)"};

// attest_by stands in no column: it is the end of the open review that still waits for a word on this grant.
#define GRANT_COLUMNS                                                                                               \
  "g.id, g.person, g.role, g.client, g.reason, g.granted_by, g.granted, g.expires, g.ended, g.ended_by, g.ending, " \
  "(SELECT min(r.ends) FROM access_review_entry w JOIN access_review r ON r.id = w.review "                         \
  "  WHERE w.grant_id = g.id AND w.decision = '' AND r.closed IS NULL) AS attest_by"

constexpr pg::Query kInsert{"role_grant_insert", R"sql(
  INSERT INTO role_grant (id, person, role, client, reason, granted_by, granted, expires)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
constexpr pg::Query kGet{"role_grant_get", "SELECT " GRANT_COLUMNS " FROM role_grant g WHERE g.id = $1"};
constexpr pg::Query kOpen{"role_grant_open", "SELECT " GRANT_COLUMNS
                                             " FROM role_grant g WHERE g.ended IS NULL AND g.expires > $2 "
                                             "AND ($1 = '' OR g.person = $1) ORDER BY g.id"};
constexpr pg::Query kList{"role_grant_list", "SELECT " GRANT_COLUMNS
                                             " FROM role_grant g WHERE ($1 = '' OR g.person = $1) AND g.id > $2 "
                                             "ORDER BY g.id LIMIT $3"};
constexpr pg::Query kEnd{"role_grant_end", R"sql(
  UPDATE role_grant SET ended = $4, ended_by = $3, ending = $2 WHERE id = $1 AND ended IS NULL)sql"};

constexpr pg::Query kInsertReview{"access_review_insert", R"sql(
  INSERT INTO access_review (id, opened, opened_by, ends) VALUES ($1, $2, $3, $4))sql"};
constexpr pg::Query kInsertEntry{"access_review_entry_insert", R"sql(
  INSERT INTO access_review_entry (review, grant_id, reviewer) VALUES ($1, $2, $3))sql"};
#define REVIEW_COLUMNS "id, opened, opened_by, ends, closed, closed_by"
constexpr pg::Query kGetReview{"access_review_get", "SELECT " REVIEW_COLUMNS
                                                    " FROM access_review WHERE $1 = '' OR id = $1 "
                                                    "ORDER BY opened DESC, id DESC LIMIT 1"};
constexpr pg::Query kOpenReview{"access_review_open",
                                "SELECT " REVIEW_COLUMNS " FROM access_review WHERE closed IS NULL"};
constexpr pg::Query kEntries{"access_review_entries", "SELECT " GRANT_COLUMNS
                                                      ", e.reviewer, e.decision, e.decided, e.decided_by, e.note "
                                                      "FROM access_review_entry e JOIN role_grant g "
                                                      "ON g.id = e.grant_id WHERE e.review = $1 "
                                                      "ORDER BY g.person, g.role, g.client, g.id"};
constexpr pg::Query kDecide{"access_review_decide", R"sql(
  UPDATE access_review_entry SET decision = $3, decided_by = $4, note = $5, decided = $6
   WHERE review = $1 AND grant_id = $2)sql"};
constexpr pg::Query kClose{"access_review_close", R"sql(
  UPDATE access_review SET closed = $3, closed_by = $2 WHERE id = $1 AND closed IS NULL)sql"};

RoleGrant ReadGrant(const pqxx::row& row) {
  RoleGrant grant;
  grant.id = row["id"].as<std::string>();
  grant.person = row["person"].as<std::string>();
  grant.role = row["role"].as<std::string>();
  grant.client = row["client"].as<std::string>();
  grant.reason = row["reason"].as<std::string>();
  grant.granted_by = row["granted_by"].as<std::string>();
  grant.granted = pg::ReadInstant(row["granted"]);
  grant.expires = pg::ReadInstant(row["expires"]);
  grant.ended = pg::ReadOptionalInstant(row["ended"]);
  grant.ended_by = row["ended_by"].as<std::string>();
  grant.ending = row["ending"].as<std::string>();
  grant.attest_by = pg::ReadOptionalInstant(row["attest_by"]);
  return grant;
}

std::vector<RoleGrant> ReadGrants(const pqxx::result& rows) {
  std::vector<RoleGrant> grants;
  for (const pqxx::row& row : rows) grants.push_back(ReadGrant(row));
  return grants;
}

std::optional<AccessReview> ReadReview(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return AccessReview{rows[0][0].as<std::string>(), pg::ReadInstant(rows[0][1]),         rows[0][2].as<std::string>(),
                      pg::ReadInstant(rows[0][3]),  pg::ReadOptionalInstant(rows[0][4]), rows[0][5].as<std::string>()};
}

}  // namespace

void LockRoleGrants(pg::Tx& tx) { tx.Run(kLock); }

void InsertRoleGrant(pg::Tx& tx, const RoleGrant& g) {
  tx.Run(kInsert, g.id, g.person, g.role, g.client, g.reason, g.granted_by, g.granted, g.expires);
}

std::optional<RoleGrant> GetRoleGrant(pg::Tx& tx, std::string_view id) {
  const std::vector<RoleGrant> found = ReadGrants(tx.Run(kGet, id));
  if (found.empty()) return std::nullopt;
  return found.front();
}

std::vector<RoleGrant> OpenRoleGrants(pg::Tx& tx, std::string_view person, base::Instant now) {
  return ReadGrants(tx.Run(kOpen, person, now));
}

std::vector<RoleGrant> ListRoleGrants(pg::Tx& tx, std::string_view person, std::string_view after_id, int limit) {
  return ReadGrants(tx.Run(kList, person, after_id, limit));
}

bool EndRoleGrant(pg::Tx& tx, std::string_view id, std::string_view ending, std::string_view by, base::Instant at) {
  return tx.Run(kEnd, id, ending, by, at).affected_rows() > 0;
}

void InsertAccessReview(pg::Tx& tx, const AccessReview& r) {
  tx.Run(kInsertReview, r.id, r.opened, r.opened_by, r.ends);
}

void InsertAccessReviewEntry(pg::Tx& tx, std::string_view review, std::string_view grant, std::string_view reviewer) {
  tx.Run(kInsertEntry, review, grant, reviewer);
}

std::optional<AccessReview> GetAccessReview(pg::Tx& tx, std::string_view id) {
  return ReadReview(tx.Run(kGetReview, id));
}

std::optional<AccessReview> OpenAccessReview(pg::Tx& tx) { return ReadReview(tx.Run(kOpenReview)); }

std::vector<AccessReviewEntry> AccessReviewEntries(pg::Tx& tx, std::string_view review) {
  std::vector<AccessReviewEntry> entries;
  for (const pqxx::row& row : tx.Run(kEntries, review)) {
    entries.push_back({ReadGrant(row), row["reviewer"].as<std::string>(), row["decision"].as<std::string>(),
                       pg::ReadOptionalInstant(row["decided"]), row["decided_by"].as<std::string>(),
                       row["note"].as<std::string>()});
  }
  return entries;
}

void DecideAccess(pg::Tx& tx, std::string_view review, std::string_view grant, std::string_view decision,
                  std::string_view by, std::string_view note, base::Instant now) {
  tx.Run(kDecide, review, grant, decision, by, note, now);
}

void CloseAccessReview(pg::Tx& tx, std::string_view review, std::string_view by, base::Instant at) {
  tx.Run(kClose, review, by, at);
}

}  // namespace crossdock::orchestrator::store
