#include "orchestrator/store/notifications.h"

namespace crossdock::orchestrator::store {
namespace {

#define TRANSFER_SAYS                                                                                        \
  "'transfer', t.id, 'client', t.client, 'project', t.project, 'name', t.entity_name, 'version', "           \
  "t.entity_version, 'classification', t.classification, 'source_site', t.source_site, 'destination_site', " \
  "t.destination_site, 'files', t.files, 'bytes', t.bytes"

// The document is made here and kept: whatever becomes of the transfer, it says what was then, in the same bytes.
constexpr pg::Query kInsert{"notification_insert", R"sql(
  INSERT INTO notification (recipient, client, transfer, state, document, created, not_before)
  SELECT recipient, t.client, t.id, $2::text, json_build_object(
           'type', 'transfer.' || $2::text,
           'timestamp', to_char($4::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'data', json_build_object('state', $2::text, 'detail', $3::text, )sql" TRANSFER_SAYS R"sql())::text, $4, $4
    FROM transfer t JOIN decision d ON d.id = t.decision
   CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(d.result->'notify', '[]')) AS recipient
   WHERE t.id = $1)sql"};
constexpr pg::Query kInsertReminder{"notification_insert_reminder", R"sql(
  INSERT INTO notification (recipient, client, transfer, state, document, created, not_before)
  SELECT $2, t.client, t.id, t.state, json_build_object(
           'type', $3::text,
           'timestamp', to_char($5::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'data', json_build_object(
             'state', t.state, 'detail', t.detail, 'asked',
             to_char($4::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'requirements',
             (SELECT json_agg(q->>'id') FROM jsonb_array_elements(coalesce(d.result->'requirements', '[]')) q
               WHERE jsonb_array_length(q->'approved_by') < (q->>'count')::int), )sql" TRANSFER_SAYS
                                                                    R"sql())::text, $5, $5
    FROM transfer t JOIN decision d ON d.id = t.decision
   WHERE t.id = $1)sql"};
// Likewise, of what its last decision does not know of.
constexpr pg::Query kAlert{"notification_alert", R"sql(
  INSERT INTO notification (recipient, client, transfer, state, document, created, not_before)
  SELECT recipient, t.client, t.id, $2::text, json_build_object(
           'type', 'transfer.' || $2::text,
           'timestamp', to_char($4::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
           'data', json_build_object('event', $2::text, 'state', t.state, 'detail', $3::text, )sql" TRANSFER_SAYS
                                                 R"sql())::text, $4, $4
    FROM transfer t CROSS JOIN LATERAL unnest($5::text[]) AS recipient
   WHERE t.id = $1)sql"};
constexpr pg::Query kTake{"notification_take", R"sql(
  UPDATE notification SET attempts = attempts + 1, not_before = $2
   WHERE id = (SELECT id FROM notification WHERE done IS NULL AND not_before <= $1 AND recipient <> ALL($3::text[])
                ORDER BY not_before, id LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING id, recipient, client, transfer, state, document, created, attempts - 1)sql"};
constexpr pg::Query kFinish{"notification_finish",
                            "UPDATE notification SET done = $3, error = $2 WHERE id = $1 AND done IS NULL"};
constexpr pg::Query kPostpone{"notification_postpone",
                              "UPDATE notification SET not_before = $3, error = $2 WHERE id = $1 AND done IS NULL"};

}  // namespace

void InsertNotifications(pg::Tx& tx, std::string_view transfer, std::string_view state, std::string_view note,
                         base::Instant now) {
  tx.Run(kInsert, transfer, state, note, now);
}

void InsertAlerts(pg::Tx& tx, std::string_view transfer, std::string_view event, std::string_view note,
                  const std::set<std::string>& recipients, base::Instant now) {
  tx.Run(kAlert, transfer, event, note, now, std::vector<std::string>(recipients.begin(), recipients.end()));
}

void InsertReminderNotification(pg::Tx& tx, const Reminder& reminder, std::string_view type, base::Instant now) {
  tx.Run(kInsertReminder, reminder.transfer, reminder.recipient, type, reminder.asked, now);
}

std::optional<Notification> TakeNotification(pg::Tx& tx, const std::vector<std::string>& except, base::Instant now,
                                             base::Instant until) {
  const pqxx::result taken = tx.Run(kTake, now, until, except);
  if (taken.empty()) return std::nullopt;
  const pqxx::row row = taken[0];
  return Notification{row[0].as<int64_t>(),     row[1].as<std::string>(), row[2].as<std::string>(),
                      row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                      pg::ReadInstant(row[6]),  row[7].as<int>()};
}

void FinishNotification(pg::Tx& tx, int64_t id, std::string_view error, base::Instant now) {
  tx.Run(kFinish, id, error, now);
}

void PostponeNotification(pg::Tx& tx, int64_t id, std::string_view error, base::Instant not_before) {
  tx.Run(kPostpone, id, error, not_before);
}

}  // namespace crossdock::orchestrator::store
