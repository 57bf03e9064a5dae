#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::store {
namespace {

// Looked up first: a minute's tick nearly always finds its outcome, and an insert would use up an id.
constexpr pg::Query kFindDecision{"decision_find", "SELECT id FROM decision WHERE transfer = $1 AND outcome = $2"};
constexpr pg::Query kInsertDecision{"decision_insert", R"sql(
  INSERT INTO decision (transfer, client, at, policy, roster, facts, approvals, verdict, result, outcome, occasion,
                        layers, voices)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, nullif($12, '')::jsonb, nullif($13, '')::jsonb)
  ON CONFLICT ON CONSTRAINT an_outcome_is_kept_once DO NOTHING RETURNING id)sql"};
#define DECISION_SELECT                                                                                     \
  "SELECT id, at, policy, roster, facts::text, approvals::text, verdict, result::text, outcome, occasion, " \
  "layers::text, voices::text, transfer FROM decision "
constexpr pg::Query kGetDecision{"decision_get", DECISION_SELECT "WHERE id = $1"};
constexpr pg::Query kDecisionsAfter{"decision_after", DECISION_SELECT R"sql(
   WHERE ($1 = '' OR client = $1) AND ($2 = '' OR facts->'asset.project'->>'text' = $2)
     AND (at, id) > ($3, $4) AND at < $5 ORDER BY at, id LIMIT $6)sql"};

Decision ReadDecision(const pqxx::row& row) {
  return Decision{row[0].as<int64_t>(),     pg::ReadInstant(row[1]),  row[2].as<std::string>(),
                  row[3].as<uint64_t>(),    row[4].as<std::string>(), row[5].as<std::string>(),
                  row[6].as<std::string>(), row[7].as<std::string>(), row[8].as<std::string>(),
                  row[9].as<std::string>(), pg::ReadText(row[10]),    pg::ReadText(row[11]),
                  row[12].as<std::string>()};
}

constexpr pg::Query kInsertApproval{"approval_insert", R"sql(
  INSERT INTO approval (transfer, client, requirement, approver, decision, statement, nonce, received)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
constexpr pg::Query kLiveApprovals{"approval_live", R"sql(
  SELECT id, transfer, requirement, approver, decision, statement, nonce, received FROM approval
   WHERE transfer = $1 AND dismissed IS NULL ORDER BY id)sql"};
// A no stays: it speaks of exactly what it names, and counts again whenever that is what would move.
constexpr pg::Query kDismiss{"approval_dismiss", R"sql(
  WITH gone AS (UPDATE approval SET dismissed = $3, dismissed_reason = $2
                 WHERE transfer = $1 AND dismissed IS NULL AND decision = 'approve'
                RETURNING client, requirement, approver)
  INSERT INTO audit (at, client, actor, action, transfer, result, detail)
  SELECT $3, client, 'orchestrator', 'approval.dismissed', $1, $2,
         jsonb_build_object('requirement', requirement, 'approver', approver) FROM gone)sql"};

constexpr pg::Query kInsertReceipt{"receipt_insert", R"sql(
  INSERT INTO receipt (transfer, client, epoch_generation, epoch_n, role, agent, statement, received)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT ON CONSTRAINT an_attempt_has_one_receipt_of_each_role DO NOTHING)sql"};
constexpr pg::Query kReceipts{"receipt_of_epoch", R"sql(
  SELECT role, agent, statement FROM receipt
   WHERE transfer = $1 AND epoch_generation = $2 AND epoch_n = $3 ORDER BY role)sql"};

constexpr pg::Query kAudit{"audit_insert", R"sql(
  INSERT INTO audit (at, client, actor, action, transfer, result, detail) VALUES ($1, $2, $3, $4, $5, $6, $7))sql"};

#define AUDIT_SAID                                                                                             \
  "SELECT id, (said->>'at')::timestamptz, said->>'client', said->>'actor', said->>'action', said->>'transfer', " \
  "said->>'result', (said->'detail')::text FROM ("                                                              \
  "  SELECT xid AS began, id, convert_from(leaf, 'UTF8')::jsonb AS said FROM audit"                             \
  "   WHERE ($1 = '' OR client = $1) AND ($2 = '' OR transfer = $2) AND ($3 = '' OR actor = $3)"                \
  "     AND ($4 = '' OR action = $4 OR starts_with(action, $4 || '.'))"                                         \
  "     AND ($5 = '' OR strpos(result, $5) > 0 OR strpos(detail::text, $5) > 0) "
constexpr pg::Query kNewestAudit{"audit_newest", AUDIT_SAID "ORDER BY id DESC LIMIT $6) AS page ORDER BY id"};
// In the order in which the rows are numbered as leaves, and no further than they could be: a transaction that ends late
// may bring rows with smaller ids, and whoever follows would never see them.
constexpr pg::Query kFollowAudit{"audit_follow", AUDIT_SAID R"sql(
   AND (xid, id) > ($6::text::xid8, $7) AND xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY audit.xid, audit.id LIMIT $8) AS page ORDER BY began, id)sql"};
constexpr pg::Query kAuditPlace{"audit_place", R"sql(
  SELECT xid::text, id FROM audit WHERE id <= $1 ORDER BY audit.id DESC LIMIT 1)sql"};

}  // namespace

KeptDecision KeepDecision(pg::Tx& tx, const Transfer& transfer, const Decision& d) {
  const pqxx::result found = tx.Run(kFindDecision, transfer.id, d.outcome);
  if (!found.empty()) return {found[0][0].as<int64_t>(), false};
  const pqxx::result inserted =
      tx.Run(kInsertDecision, transfer.id, transfer.entity.client, d.at, d.policy, d.roster, d.facts_json,
             d.approvals_json, d.verdict, d.result_json, d.outcome, d.occasion, d.layers_json, d.voices_json);
  if (!inserted.empty()) return {inserted[0][0].as<int64_t>(), true};
  // Another replica has just kept it.
  return {tx.Run(kFindDecision, transfer.id, d.outcome)[0][0].as<int64_t>(), false};
}

std::optional<Decision> GetDecision(pg::Tx& tx, int64_t id) {
  const pqxx::result result = tx.Run(kGetDecision, id);
  if (result.empty()) return std::nullopt;
  return ReadDecision(result[0]);
}

std::vector<Decision> DecisionsAfter(pg::Tx& tx, std::string_view client, std::string_view project,
                                     const DecisionPosition& position, base::Instant end, int limit) {
  std::vector<Decision> decisions;
  for (const pqxx::row& row : tx.Run(kDecisionsAfter, client, project, position.at, position.id, end, limit))
    decisions.push_back(ReadDecision(row));
  return decisions;
}

void InsertApproval(pg::Tx& tx, std::string_view client, const Approval& a) {
  tx.Run(kInsertApproval, a.transfer, client, a.requirement, a.approver, a.decision, a.statement, a.nonce, a.received);
}

std::vector<Approval> LiveApprovals(pg::Tx& tx, std::string_view transfer) {
  std::vector<Approval> approvals;
  for (const pqxx::row& row : tx.Run(kLiveApprovals, transfer)) {
    approvals.push_back({row[0].as<int64_t>(), row[1].as<std::string>(), row[2].as<std::string>(),
                         row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                         row[6].as<std::string>(), pg::ReadInstant(row[7])});
  }
  return approvals;
}

void DismissApprovals(pg::Tx& tx, const Transfer& transfer, std::string_view reason, base::Instant now) {
  tx.Run(kDismiss, transfer.id, reason, now);
}

ReceiptEntry InsertReceipt(pg::Tx& tx, const Transfer& transfer, const Receipt& r, base::Instant now) {
  const pqxx::result inserted = tx.Run(kInsertReceipt, transfer.id, transfer.entity.client, r.epoch.generation,
                                       r.epoch.n, r.role, r.agent, r.statement, now);
  if (inserted.affected_rows() > 0) return ReceiptEntry::kNew;
  for (const Receipt& there : Receipts(tx, transfer.id, r.epoch)) {
    if (there.role == r.role && there.agent == r.agent && there.statement == r.statement) return ReceiptEntry::kSame;
  }
  return ReceiptEntry::kOther;
}

std::vector<Receipt> Receipts(pg::Tx& tx, std::string_view transfer, Epoch epoch) {
  std::vector<Receipt> receipts;
  for (const pqxx::row& row : tx.Run(kReceipts, transfer, epoch.generation, epoch.n)) {
    receipts.push_back({epoch, row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>()});
  }
  return receipts;
}

void Audit(pg::Tx& tx, const AuditRecord& r) {
  tx.Run(kAudit, r.at, r.client, r.actor, r.action, r.transfer, r.result, r.detail_json);
}

std::vector<AuditRecord> ListAudit(pg::Tx& tx, const AuditFilter& filter, std::optional<int64_t> after_number,
                                   int limit) {
  pqxx::result rows;
  if (after_number) {
    const pqxx::result place = tx.Run(kAuditPlace, *after_number);
    const std::string xid = place.empty() ? "0" : place[0][0].as<std::string>();
    const int64_t id = place.empty() ? 0 : place[0][1].as<int64_t>();
    rows = tx.Run(kFollowAudit, filter.client, filter.transfer, filter.actor, filter.action, filter.text, xid, id, limit);
  } else {
    rows = tx.Run(kNewestAudit, filter.client, filter.transfer, filter.actor, filter.action, filter.text, limit);
  }
  std::vector<AuditRecord> records;
  for (const pqxx::row& row : rows) {
    records.push_back({row[0].as<int64_t>(), pg::ReadInstant(row[1]), row[2].as<std::string>(),
                       row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                       row[6].as<std::string>(), row[7].as<std::string>()});
  }
  return records;
}

}  // namespace crossdock::orchestrator::store
