// What recipients whom a policy names are to be told, until they have taken it.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/store/reminders.h"

namespace crossdock::orchestrator::store {

struct Notification {
  int64_t id = 0;
  std::string recipient;
  std::string client;
  std::string transfer;
  std::string state;
  std::string document;
  base::Instant created;
  int attempts = 0;  // those before this one
};

// One for each recipient that the transfer's last decision names, saying that it came to `state`.
void InsertNotifications(pg::Tx& tx, std::string_view transfer, std::string_view state, std::string_view note,
                         base::Instant now);
// One for each of `recipients`, saying that `event` happened to the transfer.
void InsertAlerts(pg::Tx& tx, std::string_view transfer, std::string_view event, std::string_view note,
                  const std::set<std::string>& recipients, base::Instant now);
// One for the reminder's recipient, of `type`, that says which requirements are open and since when.
void InsertReminderNotification(pg::Tx& tx, const Reminder& reminder, std::string_view type, base::Instant now);
// The one that is due for longest and not for one of `except`; nobody else takes it before `until`. Skips those that
// another replica is taking.
std::optional<Notification> TakeNotification(pg::Tx& tx, const std::vector<std::string>& except, base::Instant now,
                                             base::Instant until);
// Taken when `error` is empty, else given up.
void FinishNotification(pg::Tx& tx, int64_t id, std::string_view error, base::Instant now);
void PostponeNotification(pg::Tx& tx, int64_t id, std::string_view error, base::Instant not_before);

}  // namespace crossdock::orchestrator::store
