#include "orchestrator/engine/notify.h"

#include <algorithm>
#include <optional>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/notifications.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::milliseconds;

// Longer than a recipient has for its answer. Whoever died meanwhile is followed by another then.
constexpr std::chrono::minutes kTaken{1};
constexpr std::chrono::hours kGiveUp{72};
// No recipient is begun with after so long, so that slow ones do not keep the program from ending.
constexpr std::chrono::seconds kRunMax{5};

// A second, then twice as long each time, to a quarter of an hour.
milliseconds WaitAfter(const Context& context, int attempts) {
  const int64_t longest = std::min<int64_t>(1'000LL << std::clamp(attempts, 0, 20), 900'000);
  return milliseconds(static_cast<int64_t>(static_cast<double>(longest) * (0.5 + 0.5 * Jitter(context))));
}

absl::Status Settle(const Context& context, pg::Tx& tx, const store::Notification& notification,
                    const absl::Status& told, base::Instant now) {
  const bool late = notification.created + kGiveUp <= now;
  if (!told.ok() && !late) {
    store::PostponeNotification(tx, notification.id, base::ToStd(told.message()),
                                now + WaitAfter(context, notification.attempts));
    return absl::OkStatus();
  }
  store::FinishNotification(tx, notification.id, base::ToStd(told.message()), now);
  nlohmann::json detail{{"recipient", notification.recipient}, {"id", notification.id}};
  if (!told.ok()) detail["error"] = base::ToStd(told.message());
  store::Audit(tx, {0, now, notification.client, "orchestrator",
                    told.ok() ? "notification.taken" : "notification.given_up", notification.transfer,
                    notification.state, detail.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
  return absl::OkStatus();
}

}  // namespace

absl::Status Notify(const Context& context, const Tell& tell, base::Instant now) {
  const base::Steady end = context.clock.MonotonicNow() + kRunMax;
  while (context.clock.MonotonicNow() < end) {
    const auto taken = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::optional<store::Notification>> {
      return store::TakeNotification(tx, now, now + kTaken);
    });
    RETURN_IF_ERROR(taken.status());
    if (!*taken) break;
    const store::Notification& notification = **taken;
    const absl::Status told = tell(notification.recipient, base::StrCat("notification-", notification.id),
                                   notification.document, context.clock.Now());
    if (!told.ok()) {
      LOG_WARNING("a recipient did not take a notification", {{"recipient", notification.recipient},
                                                              {"transfer", notification.transfer},
                                                              {"attempts", notification.attempts + 1},
                                                              {"error", told.ToString()}});
    }
    const base::Instant after = std::max(now, context.clock.Now());
    RETURN_IF_ERROR(
        context.database.Transact([&](pg::Tx& tx) { return Settle(context, tx, notification, told, after); }));
  }
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
