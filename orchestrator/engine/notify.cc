#include "orchestrator/engine/notify.h"

#include <algorithm>
#include <optional>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::milliseconds;

// Longer than a recipient has for its answer. Whoever died meanwhile is followed by another then.
constexpr std::chrono::minutes kTaken{1};
constexpr std::chrono::hours kGiveUp{72};
// No recipient is begun with after so long, so that slow ones do not keep the program from ending.
constexpr std::chrono::seconds kRunMax{5};
// Whoever did not take something is left alone for so long, twice as long each time, to a minute.
constexpr milliseconds kRest{500};
constexpr milliseconds kRestMax{60'000};
constexpr int kRestDoublings = 7;

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

absl::StatusOr<std::optional<store::Notification>> Notifier::Take(base::Instant now) {
  // Until it is known whose it is: two loops do not take two of one recipient.
  base::MutexLock lock(mutex_);
  if (stopped_) return std::nullopt;
  std::vector<std::string> except;
  for (const auto& [recipient, standing] : standings_)
    if (standing.telling || standing.rests_until > now) except.push_back(recipient);
  ASSIGN_OR_RETURN(auto taken,
                   context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::optional<store::Notification>> {
                     return store::TakeNotification(tx, except, now, now + kTaken);
                   }));
  if (taken) standings_[taken->recipient].telling = true;
  return taken;
}

void Notifier::Over(const std::string& recipient, bool taken, base::Instant now) {
  base::MutexLock lock(mutex_);
  if (taken) {
    standings_.erase(recipient);
    return;
  }
  Standing& standing = standings_[recipient];
  standing.telling = false;
  standing.rests_until = now + std::min(kRest * (1 << std::min(standing.failures, kRestDoublings)), kRestMax);
  ++standing.failures;
}

void Notifier::Stop() {
  base::MutexLock lock(mutex_);
  stopped_ = true;
}

absl::Status Notifier::RunOnce(base::Instant now) {
  const base::Steady end = context_.clock.MonotonicNow() + kRunMax;
  while (context_.clock.MonotonicNow() < end) {
    ASSIGN_OR_RETURN(const std::optional<store::Notification> taken, Take(now));
    if (!taken) break;
    const store::Notification& notification = *taken;
    const absl::Status told = tell_(notification.recipient, base::StrCat("notification-", notification.id),
                                    notification.document, context_.clock.Now());
    if (!told.ok()) {
      LOG_WARNING("a recipient did not take a notification", {{"recipient", notification.recipient},
                                                              {"transfer", notification.transfer},
                                                              {"attempts", notification.attempts + 1},
                                                              {"error", told.ToString()}});
    }
    const base::Instant after = std::max(now, context_.clock.Now());
    const absl::Status settled =
        context_.database.Transact([&](pg::Tx& tx) { return Settle(context_, tx, notification, told, after); });
    Over(notification.recipient, told.ok(), after);
    RETURN_IF_ERROR(settled);
  }
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
