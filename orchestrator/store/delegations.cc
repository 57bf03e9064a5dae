#include "orchestrator/store/delegations.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kInsert{"delegation_insert", R"sql(
  INSERT INTO delegation (digest, client, approver, delegate, reason, statement, not_before, not_after, received)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT ON CONSTRAINT a_delegation_is_handed_in_once DO NOTHING)sql"};
#define DELEGATION_SELECT \
  "SELECT digest, client, approver, delegate, reason, statement, not_before, not_after, received FROM delegation "
constexpr pg::Query kGet{"delegation_get", DELEGATION_SELECT "WHERE digest = $1"};
constexpr pg::Query kEnd{"delegation_end",
                         "UPDATE delegation SET ended = $3, end_statement = $2 WHERE digest = $1 AND ended IS NULL"};
constexpr pg::Query kList{"delegation_list", DELEGATION_SELECT R"sql(
   WHERE ended IS NULL AND ($1 = '' OR client = '' OR client = $1) AND not_after > $2 AND (not_after, digest) > ($3, $4)
   ORDER BY not_after, digest LIMIT $5)sql"};

Delegation ReadDelegation(const pqxx::row& row) {
  return {row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
          row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
          pg::ReadInstant(row[6]),  pg::ReadInstant(row[7]),  pg::ReadInstant(row[8])};
}

}  // namespace

std::optional<Delegation> GetDelegation(pg::Tx& tx, std::string_view digest) {
  const pqxx::result found = tx.Run(kGet, digest);
  return found.empty() ? std::nullopt : std::optional(ReadDelegation(found[0]));
}

bool EndDelegation(pg::Tx& tx, std::string_view digest, std::string_view statement, base::Instant now) {
  return tx.Run(kEnd, digest, statement, now).affected_rows() > 0;
}

bool InsertDelegation(pg::Tx& tx, const Delegation& d) {
  return tx.Run(kInsert, d.digest, d.client, d.approver, d.delegate, d.reason, d.statement, d.not_before, d.not_after,
                d.received)
             .affected_rows() > 0;
}

std::vector<Delegation> Delegations(pg::Tx& tx, std::string_view client, base::Instant now, base::Instant after_end,
                                    std::string_view after_digest, int limit) {
  std::vector<Delegation> delegations;
  for (const pqxx::row& row : tx.Run(kList, client, now, after_end, after_digest, limit)) {
    delegations.push_back(ReadDelegation(row));
  }
  return delegations;
}

}  // namespace crossdock::orchestrator::store
