#include "orchestrator/store/transfers.h"

#include "lib/base/check.h"
#include "lib/base/strings.h"

namespace crossdock::orchestrator::store {
namespace {

#define TRANSFER_COLUMNS                                                                                               \
  "id, client, project, delivery, trigger, inbox, event_kind, requester, source, entity_type, entity_id, "             \
  "entity_name, entity_version, entity_status, generation, publisher, classification, tags, source_site, "             \
  "destination_site, volume, path, destination_path, purpose, priority, merge, replaces, ready, deadline, state, "     \
  "state_since, reason, "                                                                                              \
  "detail, paused_by, paused_reason, scan, listing, content, content_wanted, files, bytes, chunks, decision, policy, " \
  "verify, epoch_generation, epoch_n, rendezvous, agent_from, agent_to, renewed, attempts, not_before, created, "      \
  "changed, relay_from, relay_to"
#define LIVE_STATES "state NOT IN ('closed', 'denied', 'superseded', 'expired', 'cancelled', 'failed')"

// As it was read when the transfer was made: it was ready then.
Entity ReadEntity(const pqxx::row& row) {
  Entity entity;
  entity.source = row["source"].as<std::string>();
  entity.type = row["entity_type"].as<std::string>();
  entity.id = row["entity_id"].as<std::string>();
  entity.client = row["client"].as<std::string>();
  entity.project = row["project"].as<std::string>();
  entity.name = row["entity_name"].as<std::string>();
  entity.version = row["entity_version"].as<std::string>();
  entity.status = row["entity_status"].as<std::string>();
  entity.ready = true;
  entity.generation = row["generation"].as<std::string>();
  entity.publisher = row["publisher"].as<std::string>();
  entity.classification = row["classification"].as<std::string>();
  entity.tags = pg::ReadList(row["tags"]);
  entity.volume = row["volume"].as<std::string>();
  entity.path = pg::ReadBytes(row["path"]);
  return entity;
}

Transfer ReadTransfer(const pqxx::row& row) {
  Transfer t;
  t.id = row["id"].as<std::string>();
  t.delivery = row["delivery"].as<std::string>();
  t.trigger = row["trigger"].as<std::string>();
  if (!row["inbox"].is_null()) t.inbox = row["inbox"].as<int64_t>();
  t.event_kind = row["event_kind"].as<std::string>();
  t.requester = row["requester"].as<std::string>();
  t.entity = ReadEntity(row);
  t.source_site = row["source_site"].as<std::string>();
  t.destination_site = row["destination_site"].as<std::string>();
  t.volume = t.entity.volume;
  t.path = t.entity.path;
  t.destination_path = pg::ReadBytes(row["destination_path"]);
  t.purpose = row["purpose"].as<std::string>();
  t.priority = row["priority"].as<int>();
  t.merge = row["merge"].as<std::string>();
  t.replace = row["replaces"].as<bool>();
  t.ready = row["ready"].as<std::string>();
  t.deadline = pg::ReadOptionalInstant(row["deadline"]);
  const std::optional<State> state = ParseState(row["state"].as<std::string>());
  INVARIANT(state.has_value()) << "the database holds a state that the schema forbids";
  t.state = *state;
  t.state_since = pg::ReadInstant(row["state_since"]);
  t.reason = row["reason"].as<std::string>();
  t.detail = row["detail"].as<std::string>();
  t.paused_by = row["paused_by"].as<std::string>();
  t.paused_reason = row["paused_reason"].as<std::string>();
  t.scan = row["scan"].as<int64_t>();
  t.listing = row["listing"].as<std::string>();
  t.content = row["content"].as<std::string>();
  t.content_wanted = row["content_wanted"].as<bool>();
  t.files = row["files"].as<int64_t>();
  t.bytes = row["bytes"].as<int64_t>();
  t.chunks = row["chunks"].as<int64_t>();
  if (!row["decision"].is_null()) t.decision = row["decision"].as<int64_t>();
  t.policy = row["policy"].as<std::string>();
  t.verify = row["verify"].as<std::string>();
  t.epoch.generation = row["epoch_generation"].as<uint64_t>();
  t.epoch.n = row["epoch_n"].as<uint64_t>();
  t.rendezvous = pg::ReadBytes(row["rendezvous"]);
  t.agent_from = row["agent_from"].as<std::string>();
  t.agent_to = row["agent_to"].as<std::string>();
  t.relay_from = row["relay_from"].as<std::string>();
  t.relay_to = row["relay_to"].as<std::string>();
  t.renewed = pg::ReadOptionalInstant(row["renewed"]);
  t.attempts = row["attempts"].as<int>();
  t.not_before = pg::ReadInstant(row["not_before"]);
  t.created = pg::ReadInstant(row["created"]);
  t.changed = pg::ReadInstant(row["changed"]);
  return t;
}

std::vector<Transfer> ReadTransfers(const pqxx::result& result) {
  std::vector<Transfer> transfers;
  transfers.reserve(result.size());
  for (const pqxx::row& row : result) transfers.push_back(ReadTransfer(row));
  return transfers;
}

// One statement, so that no path can write one of the three and forget another. The client and the epoch come from the
// row itself.
constexpr pg::Query kRecordMove{"transfer_record_move", R"sql(
  WITH moved AS (SELECT id, client, project, epoch_generation, epoch_n FROM transfer WHERE id = $1),
  told AS (INSERT INTO outgoing_event (at, client, project, transfer, kind, state)
           SELECT $7::timestamptz, client, project, id, 'transfer.' || $4::text, $3::text FROM moved),
  audited AS (INSERT INTO audit (at, client, actor, action, transfer, result, detail)
              SELECT $7::timestamptz, client, $8::text, 'transfer.' || $4::text, id, $3::text,
                     jsonb_build_object('from', $2::text, 'reason', $5::text, 'detail', $6::text,
                                        'epoch', epoch_generation || '.' || epoch_n) FROM moved)
  INSERT INTO transfer_history (transfer, client, at, from_state, to_state, cause, actor, reason, detail,
                                epoch_generation, epoch_n)
  SELECT id, client, $7::timestamptz, $2::text, $3::text, $4::text, $8::text, $5::text, $6::text, epoch_generation, epoch_n FROM moved)sql"};

void RecordMove(pg::Tx& tx, std::string_view id, State from, State to, const MoveNote& note) {
  tx.Run(kRecordMove, id, Name(from), Name(to), Name(note.cause), note.reason, note.detail, note.now, note.actor);
}

constexpr pg::Query kInsertKey{"transfer_key_insert", R"sql(
  INSERT INTO transfer_key (key, client, transfer, made) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING)sql"};
constexpr pg::Query kInsert{"transfer_insert", R"sql(
  INSERT INTO transfer (id, client, project, delivery, trigger, inbox, event_kind, requester, source, entity_type,
    entity_id, entity_name, entity_version, entity_status, generation, publisher, classification, tags, source_site,
    destination_site, volume, path, destination_path, purpose, priority, deadline, state, state_since, rendezvous,
    not_before, created, changed, merge, replaces, ready)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
    $25, $26, 'received', $27, $28, $27, $27, $27, $29, $30, $31))sql"};

constexpr pg::Query kTransferOfKey{"transfer_of_key", "SELECT transfer FROM transfer_key WHERE key = $1"};

constexpr pg::Query kGet{"transfer_get", "SELECT " TRANSFER_COLUMNS " FROM transfer WHERE id = $1"};
constexpr pg::Query kLock{"transfer_lock", "SELECT " TRANSFER_COLUMNS " FROM transfer WHERE id = $1 FOR UPDATE"};

// Guarded by the old state and epoch: of two replicas, or of a person and a loop, only one finds the row.
constexpr pg::Query kMove{"transfer_move", R"sql(
  UPDATE transfer SET state = $5, state_since = $8, reason = $6, detail = $7, changed = $8
   WHERE id = $1 AND state = $2 AND epoch_generation = $3 AND epoch_n = $4)sql"};

// Only n is counted here; the generation comes from the server's timeline, because a promoted standby may repeat any
// row's value. From here on the receiver may hold staging, which is written down in the same statement.
constexpr pg::Query kAssign{"transfer_assign", R"sql(
  WITH assigned AS (UPDATE transfer SET state = 'running', state_since = $7, reason = $5, detail = $6, changed = $7,
                           epoch_generation = $8, epoch_n = epoch_n + 1, agent_from = $3, agent_to = $4, renewed = $7,
                           relay_from = $9, relay_to = $10
                     WHERE id = $1 AND state = 'queued' AND epoch_n = $2 AND paused_by = ''
                    RETURNING id, client, volume, agent_to, epoch_generation, epoch_n),
  held AS (INSERT INTO staging (transfer, agent, client, volume, epoch_generation, epoch_n, assigned, not_before)
           SELECT id, agent_to, client, volume, epoch_generation, epoch_n, $7, $7 FROM assigned
           ON CONFLICT ON CONSTRAINT an_agent_holds_staging_of_a_transfer_once DO UPDATE
             SET epoch_generation = excluded.epoch_generation, epoch_n = excluded.epoch_n, assigned = excluded.assigned,
                 not_before = excluded.not_before, refusals = 0, cleaned = NULL)
  SELECT epoch_generation, epoch_n FROM assigned)sql"};

constexpr pg::Query kSetSourceAgent{"transfer_set_source_agent", R"sql(
  UPDATE transfer SET agent_from = $2 WHERE id = $1 AND agent_from <> $2)sql"};
constexpr pg::Query kSetListing{"transfer_set_listing", R"sql(
  UPDATE transfer SET listing = $3, files = $4, bytes = $5, chunks = $6
   WHERE id = $1 AND scan = $2 AND state = 'scanning')sql"};
constexpr pg::Query kSetContent{"transfer_set_content", R"sql(
  UPDATE transfer SET content = $4, changed = $5 WHERE id = $1 AND scan = $2 AND listing = $3 AND content = '')sql"};
constexpr pg::Query kSetDecision{"transfer_set_decision", R"sql(
  UPDATE transfer SET decision = $2, policy = $3, verify = $4, content_wanted = $5, decide_again = $6
   WHERE id = $1)sql"};
constexpr pg::Query kDecideRunningAgain{"transfer_decide_running_again", R"sql(
  UPDATE transfer SET decide_again = $2 WHERE state = 'running' AND ($1 = '' OR client = $1))sql"};
constexpr pg::Query kStartScan{"transfer_start_scan", R"sql(
  UPDATE transfer SET scan = scan + 1, listing = '', content = '', content_wanted = false, files = 0, bytes = 0,
         chunks = 0, attempts = 0 WHERE id = $1)sql"};
constexpr pg::Query kSetBackoff{"transfer_set_backoff", R"sql(
  UPDATE transfer SET attempts = $2, not_before = $3 WHERE id = $1)sql"};
constexpr pg::Query kSetReason{"transfer_set_reason", R"sql(
  UPDATE transfer SET reason = $3, detail = $4 WHERE id = $1 AND state = $2 AND (reason, detail) <> ($3, $4))sql"};

constexpr pg::Query kSetPaused{"transfer_set_paused", R"sql(
  WITH changed AS (UPDATE transfer SET paused_by = $2, paused_reason = $3, changed = $4
                    WHERE id = $1 AND paused_by <> $2 AND )sql" LIVE_STATES
                                                      R"sql( AND state NOT IN ('publishing', 'delivered')
                   RETURNING id, client, project, state),
  told AS (INSERT INTO outgoing_event (at, client, project, transfer, kind, state)
           SELECT $4, client, project, id, $5, state FROM changed)
  INSERT INTO audit (at, client, actor, action, transfer, result, detail)
  SELECT $4, client, $6, $5, id, state, jsonb_build_object('reason', $3::text) FROM changed)sql"};

constexpr pg::Query kRenew{"transfer_renew", R"sql(
  UPDATE transfer SET renewed = $3
   WHERE id = ANY($2::text[]) AND state IN ('running', 'publishing') AND agent_to = $1)sql"};

constexpr pg::Query kInState{"transfer_in_state", "SELECT " TRANSFER_COLUMNS R"sql( FROM transfer
   WHERE state = $1 AND not_before <= $2 AND paused_by = '' ORDER BY priority DESC, created, id LIMIT $3)sql"};
constexpr pg::Query kToDecideAgain{"transfer_to_decide_again", "SELECT " TRANSFER_COLUMNS R"sql( FROM transfer
   WHERE state = $1 AND state IN ('held', 'awaiting_approval', 'running') AND decide_again <= $2 AND paused_by = ''
   ORDER BY decide_again, id LIMIT $3)sql"};
constexpr pg::Query kOfAgent{"transfer_of_agent", "SELECT " TRANSFER_COLUMNS R"sql( FROM transfer
   WHERE (agent_from = $1 OR agent_to = $1) AND )sql" LIVE_STATES " ORDER BY priority DESC, created, id"};
constexpr pg::Query kLeases{"transfer_leases", "SELECT " TRANSFER_COLUMNS R"sql( FROM transfer
   WHERE state IN ('running', 'publishing') AND renewed < $1 ORDER BY renewed LIMIT $2)sql"};
constexpr pg::Query kOfEntity{"transfer_of_entity", "SELECT " TRANSFER_COLUMNS R"sql( FROM transfer
   WHERE source = $1 AND entity_type = $2 AND entity_id = $3 AND )sql" LIVE_STATES " ORDER BY created, id"};
constexpr pg::Query kLinkLoads{"transfer_link_loads", R"sql(
  SELECT source_site, destination_site, count(*) FILTER (WHERE state IN ('running', 'publishing')) AS running,
         count(*) FILTER (WHERE state = 'queued') AS queued
    FROM transfer WHERE state IN ('queued', 'running', 'publishing') GROUP BY 1, 2 ORDER BY 1, 2)sql"};

// Keyset paging: stable while new transfers arrive, and as quick on page 1,000 as on the first.
constexpr pg::Query kList{"transfer_list", "SELECT " TRANSFER_COLUMNS R"sql( FROM transfer
   WHERE ($1 = '' OR client = $1) AND ($2 = '' OR project = $2) AND ($3 = '' OR destination_site = $3)
     AND ($4::text[] = '{}' OR state = ANY($4::text[])) AND (NOT $5::boolean OR )sql" LIVE_STATES R"sql()
     AND ($6::timestamptz IS NULL OR (created, id) < ($6, $7))
   ORDER BY created DESC, id DESC LIMIT $8)sql"};

constexpr pg::Query kHistory{"transfer_history", R"sql(
  SELECT at, from_state, to_state, cause, actor, reason, detail FROM transfer_history WHERE transfer = $1 ORDER BY id)sql"};

// The first eight digits of a WAL file's name are the timeline; pg_control_checkpoint() would lag behind a promotion.
constexpr pg::Query kGeneration{"database_generation", R"sql(
  SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint)sql"};

// ORDER BY names the table: a bare xid would be the output column, a text, which sorts 1000 before 999.
constexpr pg::Query kOutgoing{"outgoing_after", R"sql(
  SELECT xid::text, id, client, project, transfer, kind FROM outgoing_event
   WHERE (xid, id) > ($1::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY outgoing_event.xid, outgoing_event.id LIMIT $3)sql"};
constexpr pg::Query kOutgoingEnd{"outgoing_end", R"sql(
  SELECT pg_snapshot_xmin(pg_current_snapshot())::text)sql"};

}  // namespace

bool InsertTransfer(pg::Tx& tx, const Transfer& t, std::string_view key) {
  if (tx.Run(kInsertKey, key, t.entity.client, t.id, t.created).affected_rows() == 0) return false;
  tx.Run(kInsert, t.id, t.entity.client, t.entity.project, t.delivery, t.trigger, t.inbox, t.event_kind, t.requester,
         t.entity.source, t.entity.type, t.entity.id, t.entity.name, t.entity.version, t.entity.status,
         t.entity.generation, t.entity.publisher, t.entity.classification, t.entity.tags, t.source_site,
         t.destination_site, t.volume, pg::Bytes{t.path}, pg::Bytes{t.destination_path}, t.purpose, t.priority,
         t.deadline, t.created, pg::Bytes{t.rendezvous}, t.merge, t.replace, t.ready);
  RecordMove(tx, t.id, State::kReceived, State::kReceived,
             {Cause::kAccepted, t.requester, "",
              t.trigger.empty() ? "made by hand" : base::StrCat("made by trigger ", t.trigger), t.created});
  return true;
}

std::optional<std::string> TransferOfKey(pg::Tx& tx, std::string_view key) {
  const pqxx::result result = tx.Run(kTransferOfKey, key);
  if (result.empty()) return std::nullopt;
  return result[0][0].as<std::string>();
}

std::optional<Transfer> GetTransfer(pg::Tx& tx, std::string_view id) {
  const pqxx::result result = tx.Run(kGet, id);
  if (result.empty()) return std::nullopt;
  return ReadTransfer(result[0]);
}

std::optional<Transfer> LockTransfer(pg::Tx& tx, std::string_view id) {
  const pqxx::result result = tx.Run(kLock, id);
  if (result.empty()) return std::nullopt;
  return ReadTransfer(result[0]);
}

bool MoveTransfer(pg::Tx& tx, const Transfer& transfer, const MoveNote& note) {
  const std::optional<State> to = Next(transfer.state, note.cause);
  INVARIANT(to.has_value()) << Name(transfer.state) << " has no move for " << Name(note.cause);
  const pqxx::result result = tx.Run(kMove, transfer.id, Name(transfer.state), transfer.epoch.generation,
                                     transfer.epoch.n, Name(*to), note.reason, note.detail, note.now);
  if (result.affected_rows() == 0) return false;
  RecordMove(tx, transfer.id, transfer.state, *to, note);
  return true;
}

std::optional<Epoch> AssignTransfer(pg::Tx& tx, const Transfer& transfer, const Assignment& assignment,
                                    const MoveNote& note) {
  const pqxx::result result =
      tx.Run(kAssign, transfer.id, transfer.epoch.n, assignment.agent_from, assignment.agent_to, note.reason,
             note.detail, note.now, assignment.generation, assignment.relay_from, assignment.relay_to);
  if (result.empty()) return std::nullopt;
  RecordMove(tx, transfer.id, State::kQueued, State::kRunning, note);
  return Epoch{result[0][0].as<uint64_t>(), result[0][1].as<uint64_t>()};
}

bool SetSourceAgent(pg::Tx& tx, std::string_view id, std::string_view agent) {
  return tx.Run(kSetSourceAgent, id, agent).affected_rows() > 0;
}

bool SetListing(pg::Tx& tx, const Transfer& transfer, std::string_view listing, int64_t files, int64_t bytes,
                int64_t chunks) {
  return tx.Run(kSetListing, transfer.id, transfer.scan, listing, files, bytes, chunks).affected_rows() > 0;
}

bool SetContent(pg::Tx& tx, const Transfer& transfer, std::string_view content, base::Instant now) {
  return tx.Run(kSetContent, transfer.id, transfer.scan, transfer.listing, content, now).affected_rows() > 0;
}

void SetDecision(pg::Tx& tx, std::string_view id, const Decided& d) {
  tx.Run(kSetDecision, id, d.decision, d.policy, d.verify, d.content_wanted, d.again);
}

void DecideRunningAgain(pg::Tx& tx, std::string_view client, base::Instant at) {
  tx.Run(kDecideRunningAgain, client, at);
}

void StartScan(pg::Tx& tx, std::string_view id) { tx.Run(kStartScan, id); }

void SetBackoff(pg::Tx& tx, std::string_view id, int attempts, base::Instant not_before) {
  tx.Run(kSetBackoff, id, attempts, not_before);
}

void SetReason(pg::Tx& tx, std::string_view id, State state, std::string_view reason, std::string_view detail) {
  tx.Run(kSetReason, id, Name(state), reason, detail);
}

bool SetPaused(pg::Tx& tx, std::string_view id, std::string_view by, std::string_view reason, base::Instant now) {
  const std::string_view kind = by.empty() ? "transfer.resumed" : "transfer.paused";
  return tx.Run(kSetPaused, id, by, reason, now, kind, by.empty() ? "operator" : by).affected_rows() > 0;
}

void RenewLeases(pg::Tx& tx, std::string_view agent, const std::vector<std::string>& transfers, base::Instant now) {
  if (!transfers.empty()) tx.Run(kRenew, agent, transfers, now);
}

std::vector<Transfer> TransfersInState(pg::Tx& tx, State state, base::Instant now, int limit) {
  return ReadTransfers(tx.Run(kInState, Name(state), now, limit));
}

std::vector<Transfer> TransfersToDecideAgain(pg::Tx& tx, State state, base::Instant now, int limit) {
  return ReadTransfers(tx.Run(kToDecideAgain, Name(state), now, limit));
}

std::vector<Transfer> TransfersOfAgent(pg::Tx& tx, std::string_view agent) {
  return ReadTransfers(tx.Run(kOfAgent, agent));
}

std::vector<Transfer> LeasesBefore(pg::Tx& tx, base::Instant before, int limit) {
  return ReadTransfers(tx.Run(kLeases, before, limit));
}

std::vector<Transfer> TransfersOfEntity(pg::Tx& tx, const Entity& entity) {
  return ReadTransfers(tx.Run(kOfEntity, entity.source, entity.type, entity.id));
}

std::vector<LinkLoad> LinkLoads(pg::Tx& tx) {
  std::vector<LinkLoad> loads;
  for (const pqxx::row& row : tx.Run(kLinkLoads)) {
    loads.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<int>(), row[3].as<int>()});
  }
  return loads;
}

std::vector<Transfer> ListTransfers(pg::Tx& tx, const ListFilter& filter) {
  std::vector<std::string> states;
  for (const State state : filter.states) states.emplace_back(Name(state));
  return ReadTransfers(tx.Run(kList, filter.client, filter.project, filter.destination_site, states, filter.live_only,
                              filter.before_created, filter.before_id, filter.limit));
}

std::vector<HistoryEntry> History(pg::Tx& tx, std::string_view id) {
  std::vector<HistoryEntry> entries;
  for (const pqxx::row& row : tx.Run(kHistory, id)) {
    entries.push_back({pg::ReadInstant(row[0]), ParseState(row[1].as<std::string>()).value_or(State::kReceived),
                       ParseState(row[2].as<std::string>()).value_or(State::kReceived), row[3].as<std::string>(),
                       row[4].as<std::string>(), row[5].as<std::string>(), row[6].as<std::string>()});
  }
  return entries;
}

uint64_t DatabaseGeneration(pg::Tx& tx) { return tx.Run(kGeneration)[0][0].as<uint64_t>(); }

std::vector<OutgoingEvent> OutgoingEventsAfter(pg::Tx& tx, std::string_view xid, int64_t id, int limit) {
  std::vector<OutgoingEvent> events;
  for (const pqxx::row& row : tx.Run(kOutgoing, xid, id, limit)) {
    events.push_back({row[0].as<std::string>(), row[1].as<int64_t>(), row[2].as<std::string>(),
                      row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>()});
  }
  return events;
}

OutgoingEvent OutgoingEnd(pg::Tx& tx) {
  OutgoingEvent end;
  // Ids start at 1, so (xmin, 0) stands before every row that is not yet readable and after all that are.
  end.xid = tx.Run(kOutgoingEnd)[0][0].as<std::string>();
  return end;
}

}  // namespace crossdock::orchestrator::store
