// What people said against a transfer: approvals taken back, and denials. And everything that was signed over one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

struct Withdrawal {
  std::string approval;  // trust::ApprovalDigest of what it takes back
  std::string transfer;
  std::string requirement;
  std::string approver;
  std::string reason;
  std::string statement;  // the signed text
  base::Instant not_after;
  base::Instant received;
};
// Dismisses that approval (the row `approval_id`) and keeps the withdrawal. False when it was taken back before.
bool WithdrawApproval(pg::Tx& tx, std::string_view client, int64_t approval_id, const Withdrawal& withdrawal);
// Oldest first.
std::vector<Withdrawal> WithdrawalsOf(pg::Tx& tx, std::string_view transfer);

// The signed texts that every agent is to know: withdrawals of approvals that have not expired, ends of delegations
// that would not have ended by themselves, and denials received after `denied_since`; the newest `limit`, in an order
// that only changes when they do.
std::vector<std::string> Objections(pg::Tx& tx, base::Instant now, base::Instant denied_since, int limit);

// One yes or no, whatever became of it.
struct SignedWord {
  int64_t id = 0;
  std::string requirement;
  std::string approver;
  std::string decision;   // approve, deny
  std::string statement;  // the signed text
  base::Instant received;
  std::optional<base::Instant> dismissed;
  std::string dismissed_reason;
};
// In the order in which they came, after row `after`.
std::vector<SignedWord> SignedWords(pg::Tx& tx, std::string_view transfer, int64_t after, int limit);

}  // namespace crossdock::orchestrator::store
