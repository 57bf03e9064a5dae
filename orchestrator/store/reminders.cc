#include "orchestrator/store/reminders.h"

namespace crossdock::orchestrator::store {
namespace {

// The time runs from the first of what is planned for the same: one approval of several begins the state anew, and sets
// no time back.
constexpr pg::Query kPlan{"reminder_plan", R"sql(
  INSERT INTO approval_reminder (transfer, asked, kind, recipient, binding, due)
  SELECT t.id, w.asked, $2, $3, t.listing || ' ' || t.policy, w.asked + $4::bigint * interval '1 millisecond'
    FROM transfer t
   CROSS JOIN LATERAL (SELECT coalesce(min(r.asked), t.state_since) AS asked FROM approval_reminder r
                        WHERE r.transfer = t.id AND r.ended IS NULL) w
   WHERE t.id = $1
  ON CONFLICT ON CONSTRAINT each_is_told_once_of_what_is_asked DO NOTHING)sql"};
constexpr pg::Query kEndOthers{"reminder_end_others", R"sql(
  UPDATE approval_reminder r SET ended = $2 FROM transfer t
   WHERE r.transfer = $1 AND t.id = $1 AND r.ended IS NULL AND r.binding <> t.listing || ' ' || t.policy)sql"};
constexpr pg::Query kEnd{"reminder_end",
                         "UPDATE approval_reminder SET ended = $2 WHERE transfer = $1 AND ended IS NULL"};
// Whether it is still wanted is the last decision's to say: one approval of several may have ended one reason of two.
constexpr pg::Query kTake{"reminder_take", R"sql(
  WITH due AS (
    SELECT r.transfer, r.asked, r.kind, r.recipient, t.client,
           coalesce(t.state = 'awaiting_approval' AND r.binding = t.listing || ' ' || t.policy AND CASE r.kind
             WHEN 'reminder' THEN jsonb_exists(d.result, 'remind_after_ms') AND jsonb_exists(d.result->'notify', r.recipient)
             ELSE jsonb_exists(d.result->'escalate_ms', r.recipient) END, false) AS wanted
      FROM approval_reminder r JOIN transfer t ON t.id = r.transfer LEFT JOIN decision d ON d.id = t.decision
     WHERE r.told IS NULL AND r.ended IS NULL AND r.due <= $1::timestamptz AND t.state NOT IN ('deciding', 'held')
     ORDER BY r.due, r.transfer LIMIT $2 FOR UPDATE OF r SKIP LOCKED)
  UPDATE approval_reminder r
     SET told = CASE WHEN due.wanted THEN $1::timestamptz END, ended = CASE WHEN due.wanted THEN NULL ELSE $1::timestamptz END
    FROM due WHERE r.transfer = due.transfer AND r.asked = due.asked AND r.kind = due.kind AND r.recipient = due.recipient
  RETURNING r.transfer, due.client, r.kind, r.recipient, r.asked, due.wanted)sql"};

}  // namespace

void PlanReminder(pg::Tx& tx, std::string_view transfer, std::string_view kind, std::string_view recipient,
                  std::chrono::milliseconds after) {
  tx.Run(kPlan, transfer, kind, recipient, static_cast<int64_t>(after.count()));
}

void EndOtherReminders(pg::Tx& tx, std::string_view transfer, base::Instant now) { tx.Run(kEndOthers, transfer, now); }

void EndReminders(pg::Tx& tx, std::string_view transfer, base::Instant now) { tx.Run(kEnd, transfer, now); }

std::vector<Reminder> TakeReminders(pg::Tx& tx, base::Instant now, int limit) {
  std::vector<Reminder> reminders;
  for (const pqxx::row& row : tx.Run(kTake, now, limit)) {
    reminders.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                         row[3].as<std::string>(), pg::ReadInstant(row[4]), row[5].as<bool>()});
  }
  return reminders;
}

}  // namespace crossdock::orchestrator::store
