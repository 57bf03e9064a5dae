#include "orchestrator/store/delegations.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kInsert{"delegation_insert", R"sql(
  INSERT INTO delegation (digest, client, approver, delegate, reason, statement, not_before, not_after, received)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT ON CONSTRAINT a_delegation_is_handed_in_once DO NOTHING)sql"};
constexpr pg::Query kList{"delegation_list", R"sql(
  SELECT digest, client, approver, delegate, reason, statement, not_before, not_after, received FROM delegation
   WHERE ($1 = '' OR client = '' OR client = $1) AND not_after > $2 AND (not_after, digest) > ($3, $4)
   ORDER BY not_after, digest LIMIT $5)sql"};

}  // namespace

bool InsertDelegation(pg::Tx& tx, const Delegation& d) {
  return tx.Run(kInsert, d.digest, d.client, d.approver, d.delegate, d.reason, d.statement, d.not_before, d.not_after,
                d.received)
             .affected_rows() > 0;
}

std::vector<Delegation> Delegations(pg::Tx& tx, std::string_view client, base::Instant now, base::Instant after_end,
                                    std::string_view after_digest, int limit) {
  std::vector<Delegation> delegations;
  for (const pqxx::row& row : tx.Run(kList, client, now, after_end, after_digest, limit)) {
    delegations.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                           row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                           pg::ReadInstant(row[6]), pg::ReadInstant(row[7]), pg::ReadInstant(row[8])});
  }
  return delegations;
}

}  // namespace crossdock::orchestrator::store
