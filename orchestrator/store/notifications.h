// What recipients whom a policy names are to be told, until they have taken it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/pg/tx.h"

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
// The one that is due for longest; nobody else takes it before `until`. Skips those that another replica is taking.
std::optional<Notification> TakeNotification(pg::Tx& tx, base::Instant now, base::Instant until);
// Taken when `error` is empty, else given up.
void FinishNotification(pg::Tx& tx, int64_t id, std::string_view error, base::Instant now);
void PostponeNotification(pg::Tx& tx, int64_t id, std::string_view error, base::Instant not_before);

}  // namespace crossdock::orchestrator::store
