// What is kept so that everything can be shown and computed again: decisions, approvals, receipts, the audit rows.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator::store {

struct Decision {
  int64_t id = 0;
  base::Instant at;
  std::string policy;  // digest
  uint64_t roster = 0;
  std::string facts_json;
  std::string approvals_json;
  std::string verdict;      // allow, needs_approvals, hold, deny
  std::string result_json;  // {"reasons": […], "lines": […], "requirements": […]}
  std::string outcome;      // names everything above but the time: one row an outcome of a transfer
  std::string occasion;     // what made us ask: event, approval, dispatch, …
  // What it replays from (engine/decision_record.h); both empty in rows from before they were kept.
  std::string layers_json;
  std::string voices_json;
  std::string transfer;
};
// Keeps it unless this transfer has had that outcome.
struct KeptDecision {
  int64_t id = 0;  // of the row that says so
  bool is_new = false;
};
KeptDecision KeepDecision(pg::Tx& tx, const Transfer& transfer, const Decision& decision);
std::optional<Decision> GetDecision(pg::Tx& tx, int64_t id);

// Where a walk over past decisions stands: after (at, id).
struct DecisionPosition {
  base::Instant at;
  int64_t id = 0;
};
// Of one client, or with an empty one of all; in order of time, `limit` of them after `position` and before `end`.
// Those that `project` names when it is not empty.
std::vector<Decision> DecisionsAfter(pg::Tx& tx, std::string_view client, std::string_view project,
                                     const DecisionPosition& position, base::Instant end, int limit);

struct Approval {
  int64_t id = 0;
  std::string transfer;
  std::string requirement;
  std::string approver;
  std::string decision;
  std::string statement;  // the signed text
  std::string nonce;
  base::Instant received;
};
// Fails with a unique violation when the nonce was used before.
void InsertApproval(pg::Tx& tx, std::string_view client, const Approval& approval);
// Those that were not dismissed, oldest first.
std::vector<Approval> LiveApprovals(pg::Tx& tx, std::string_view transfer);
// Dismisses every live yes to a transfer, with an audit row each. A no stays.
void DismissApprovals(pg::Tx& tx, const Transfer& transfer, std::string_view reason, base::Instant now);

struct Receipt {
  Epoch epoch;
  std::string role;  // sent, landed, deleted
  std::string agent;
  std::string statement;
};
enum class ReceiptEntry {
  kNew,
  kSame,   // this very text is there already
  kOther,  // another text of the same attempt and role is there, and stays
};
ReceiptEntry InsertReceipt(pg::Tx& tx, const Transfer& transfer, const Receipt& receipt, base::Instant now);
std::vector<Receipt> Receipts(pg::Tx& tx, std::string_view transfer, Epoch epoch);

// An audit row for what is no move of a transfer. `detail_json` is an object.
struct AuditRecord {
  int64_t number = 0;
  base::Instant at;
  std::string client;
  std::string actor;
  std::string action;  // "policy.activated"
  std::string transfer;
  std::string result;
  std::string detail_json = "{}";
};
void Audit(pg::Tx& tx, const AuditRecord& record);
// Which rows; empty fields do not filter.
struct AuditFilter {
  std::string client;
  std::string transfer;
  std::string actor;
  std::string action;  // "approval.given", or "approval" for all that begin so
  std::string text;    // somewhere in result or detail
};
// The first `limit` after the row `after_number` (0: from the first), in the order of the leaves and as far as no
// transaction can still bring an earlier one; or without a number the newest, by number. What they say is read from the
// leaves: what is shown is what is hashed.
std::vector<AuditRecord> ListAudit(pg::Tx& tx, const AuditFilter& filter, std::optional<int64_t> after_number,
                                   int limit);

}  // namespace crossdock::orchestrator::store
