// Who is to be told that a transfer waits for approvals for long, when, and whether they were.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

inline constexpr std::string_view kReminder = "reminder", kEscalation = "escalation";

struct Reminder {
  std::string transfer;
  std::string client;
  std::string kind;  // kReminder, kEscalation
  std::string recipient;
  base::Instant asked;  // since when these approvals are asked for
  bool wanted = false;  // false: nobody waits for that any more, and it is over
};

// To be told `after` it was first asked for what is asked for now: the transfer's listing under its policies. What is
// planned already stays as it is.
void PlanReminder(pg::Tx& tx, std::string_view transfer, std::string_view kind, std::string_view recipient,
                  std::chrono::milliseconds after);
// Those for what was asked for before.
void EndOtherReminders(pg::Tx& tx, std::string_view transfer, base::Instant now);
void EndReminders(pg::Tx& tx, std::string_view transfer, base::Instant now);

// Takes up to `limit` that are due: each is given once in its life, and is told or over when this transaction commits.
// Those of transfers that are being decided wait. Skips those that another replica is taking.
std::vector<Reminder> TakeReminders(pg::Tx& tx, base::Instant now, int limit);

}  // namespace crossdock::orchestrator::store
