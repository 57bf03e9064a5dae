// The inbox: every event once, and how far each asset database was read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/event.h"

namespace crossdock::orchestrator::store {

// False when the event is already there.
bool InsertEvent(pg::Tx& tx, const Event& event, base::Instant now);
// Entries whose turn it is, locked for this transaction and skipping those that another replica holds.
std::vector<InboxEntry> TakeWaiting(pg::Tx& tx, base::Instant now, int limit);
void FinishEvent(pg::Tx& tx, int64_t id, std::string_view client, std::string_view outcome, std::string_view detail);
// Tries again at `not_before`, or parks the entry when `park`.
void PostponeEvent(pg::Tx& tx, int64_t id, std::string_view detail, base::Instant not_before, bool park);
// Newest first; `outcome` empty: all; `before_id` 0: from the newest.
std::vector<InboxEntry> ListInbox(pg::Tx& tx, std::string_view outcome, int64_t before_id, int limit);

// A position in the outbox of an asset database, with the life of the cluster that it belongs to.
struct SourceCursor {
  std::string system_identifier;
  int64_t timeline = 0;
  std::string xid = "0";
  int64_t id = 0;
  std::optional<base::Instant> reconciled;
};
std::optional<SourceCursor> GetCursor(pg::Tx& tx, std::string_view source);
void SetCursor(pg::Tx& tx, std::string_view source, const SourceCursor& cursor, base::Instant now);

}  // namespace crossdock::orchestrator::store
