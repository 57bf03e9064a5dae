#include "orchestrator/engine/reminders.h"

#include <vector>

#include "lib/base/status.h"
#include "nlohmann/json.hpp"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/notifications.h"
#include "orchestrator/store/reminders.h"

namespace crossdock::orchestrator::engine {
namespace {

constexpr int kAtOnce = 100;

void Tell(pg::Tx& tx, const store::Reminder& reminder, base::Instant now) {
  const bool escalation = reminder.kind == store::kEscalation;
  store::InsertReminderNotification(tx, reminder, escalation ? "approval.escalation" : "approval.reminder", now);
  const nlohmann::json detail = {{"recipient", reminder.recipient}, {"asked", base::FormatSeconds(reminder.asked)}};
  store::Audit(tx, {0, now, reminder.client, "orchestrator", escalation ? "approval.escalated" : "approval.reminded",
                    reminder.transfer, "ok", detail.dump()});
}

}  // namespace

void KeepReminders(pg::Tx& tx, std::string_view transfer, const Ruling& ruling, base::Instant now) {
  // While it is held, by its hours say, the approvals stay asked for, and nobody is told.
  const bool waits = ruling.verdict == policy::Verdict::kHold && (ruling.remind_after || !ruling.escalate.empty());
  if (waits) return store::EndOtherReminders(tx, transfer, now);
  if (ruling.verdict != policy::Verdict::kNeedsApprovals) return store::EndReminders(tx, transfer, now);
  store::EndOtherReminders(tx, transfer, now);
  if (ruling.remind_after) {
    for (const std::string& recipient : ruling.notify)
      store::PlanReminder(tx, transfer, store::kReminder, recipient, *ruling.remind_after);
  }
  for (const auto& [recipient, after] : ruling.escalate)
    store::PlanReminder(tx, transfer, store::kEscalation, recipient, after);
}

absl::Status Remind(const Context& context, base::Instant now) {
  size_t seen = kAtOnce;
  bool told = false;
  while (seen == kAtOnce) {
    ASSIGN_OR_RETURN(const std::vector<store::Reminder> due,
                     context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::vector<store::Reminder>> {
                       std::vector<store::Reminder> taken = store::TakeReminders(tx, now, kAtOnce);
                       for (const store::Reminder& reminder : taken)
                         if (reminder.wanted) Tell(tx, reminder, now);
                       return taken;
                     }));
    seen = due.size();
    for (const store::Reminder& reminder : due) told |= reminder.wanted;
  }
  if (told) context.wakes.Wake(Duty::kWriteBack);
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
