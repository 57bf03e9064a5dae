#include "orchestrator/store/objections.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kWithdraw{"withdrawal_insert", R"sql(
  WITH taken_back AS (
    INSERT INTO withdrawal (approval, transfer, client, requirement, approver, reason, statement, not_after, received)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT ON CONSTRAINT an_approval_is_withdrawn_once DO NOTHING
    RETURNING received)
  UPDATE approval SET dismissed = taken_back.received, dismissed_reason = 'APPROVAL_WITHDRAWN' FROM taken_back
   WHERE id = $10 AND dismissed IS NULL)sql"};
constexpr pg::Query kWithdrawals{"withdrawal_of_transfer", R"sql(
  SELECT approval, transfer, requirement, approver, reason, statement, not_after, received FROM withdrawal
   WHERE transfer = $1 ORDER BY received, approval)sql"};
constexpr pg::Query kObjections{"objections", R"sql(
  SELECT statement FROM (
    SELECT statement, received FROM withdrawal WHERE not_after > $1
    UNION ALL
    SELECT statement, received FROM approval WHERE decision = 'deny' AND received > $2
    UNION ALL
    SELECT end_statement, ended FROM delegation WHERE ended IS NOT NULL AND not_after > $1) AS said
   ORDER BY received DESC, statement LIMIT $3)sql"};
constexpr pg::Query kSignedWords{"approval_signed", R"sql(
  SELECT id, requirement, approver, decision, statement, received, dismissed, dismissed_reason FROM approval
   WHERE transfer = $1 AND id > $2 ORDER BY id LIMIT $3)sql"};

}  // namespace

bool WithdrawApproval(pg::Tx& tx, std::string_view client, int64_t approval_id, const Withdrawal& w) {
  return tx.Run(kWithdraw, w.approval, w.transfer, client, w.requirement, w.approver, w.reason, w.statement,
                w.not_after, w.received, approval_id)
             .affected_rows() > 0;
}

std::vector<Withdrawal> WithdrawalsOf(pg::Tx& tx, std::string_view transfer) {
  std::vector<Withdrawal> withdrawals;
  for (const pqxx::row& row : tx.Run(kWithdrawals, transfer)) {
    withdrawals.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                           row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                           pg::ReadInstant(row[6]), pg::ReadInstant(row[7])});
  }
  return withdrawals;
}

std::vector<std::string> Objections(pg::Tx& tx, base::Instant now, base::Instant denied_since, int limit) {
  std::vector<std::string> statements;
  for (const pqxx::row& row : tx.Run(kObjections, now, denied_since, limit))
    statements.push_back(row[0].as<std::string>());
  return statements;
}

std::vector<SignedWord> SignedWords(pg::Tx& tx, std::string_view transfer, int64_t after, int limit) {
  std::vector<SignedWord> words;
  for (const pqxx::row& row : tx.Run(kSignedWords, transfer, after, limit)) {
    words.push_back({row[0].as<int64_t>(), row[1].as<std::string>(), row[2].as<std::string>(), row[3].as<std::string>(),
                     row[4].as<std::string>(), pg::ReadInstant(row[5]), pg::ReadOptionalInstant(row[6]),
                     pg::ReadText(row[7])});
  }
  return words;
}

}  // namespace crossdock::orchestrator::store
