// Transfers: rows, guarded moves, and what every move leaves behind.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/transfer.h"

namespace crossdock::orchestrator::store {

// Why and by whom a move is made. `reason` is a code, `detail` a sentence; both stay with the transfer.
struct MoveNote {
  Cause cause;
  std::string actor;  // "planner", "agent/lon-1", "paula"
  std::string reason;
  std::string detail;
  base::Instant now;
};

// Inserts a new transfer in `received`, with its history, audit and outgoing event. False when `key` was used before.
bool InsertTransfer(pg::Tx& tx, const Transfer& transfer, std::string_view key);
// The transfer that `key` made, if any.
std::optional<std::string> TransferOfKey(pg::Tx& tx, std::string_view key);

std::optional<Transfer> GetTransfer(pg::Tx& tx, std::string_view id);
// The same, locked until the transaction ends.
std::optional<Transfer> LockTransfer(pg::Tx& tx, std::string_view id);

// Moves `transfer` by `note.cause` if it is still in `transfer.state` with `transfer.epoch`; writes history, audit row
// and outgoing event in the same transaction. False when somebody else moved it first. An illegal move dies: it is our
// bug.
bool MoveTransfer(pg::Tx& tx, const Transfer& transfer, const MoveNote& note);

// Queued to running, with a new epoch. Nothing when somebody else has moved it.
struct Assignment {
  std::string agent_from;
  std::string agent_to;
  uint64_t generation;
  std::string relay_from = {};
  std::string relay_to = {};
};
std::optional<Epoch> AssignTransfer(pg::Tx& tx, const Transfer& transfer, const Assignment& assignment,
                                    const MoveNote& note);

// Changes of fields, without a move. Each is guarded by what makes it valid; false when that no longer holds.
bool SetSourceAgent(pg::Tx& tx, std::string_view id, std::string_view agent);
bool SetListing(pg::Tx& tx, const Transfer& transfer, std::string_view listing, int64_t files, int64_t bytes,
                int64_t chunks);
bool SetContent(pg::Tx& tx, const Transfer& transfer, std::string_view content, base::Instant now);
struct Decided {
  int64_t decision;
  std::string policy;  // digest
  std::string verify;
  bool content_wanted;
  base::Instant again;  // decide again then, at the latest
};
void SetDecision(pg::Tx& tx, std::string_view id, const Decided& decided);
// All running ones of `client` (empty: of all) are to be decided again at `at`.
void DecideRunningAgain(pg::Tx& tx, std::string_view client, base::Instant at);
// A new scan: digests and counts are forgotten.
void StartScan(pg::Tx& tx, std::string_view id);
void SetBackoff(pg::Tx& tx, std::string_view id, int attempts, base::Instant not_before);
// The reason of a state that stays: what it waits for now. Not recorded in history.
void SetReason(pg::Tx& tx, std::string_view id, State state, std::string_view reason, std::string_view detail);
// Pauses (`by` not empty) or resumes, with an audit row and outgoing event.
bool SetPaused(pg::Tx& tx, std::string_view id, std::string_view by, std::string_view reason, base::Instant now);
// Renews the lease of the running or publishing attempts that `agent` reported; gives the ids that are really its own.
void RenewLeases(pg::Tx& tx, std::string_view agent, const std::vector<std::string>& transfers, base::Instant now);

// Live transfers in `state` whose backoff is over, in the order in which they should go: priority, then age.
std::vector<Transfer> TransfersInState(pg::Tx& tx, State state, base::Instant now, int limit);
// Those in `state` (held, awaiting_approval or running) that must be decided again by `now`, the longest overdue first.
// Not those that are paused: what has stood still for so long is decided when it goes on.
std::vector<Transfer> TransfersToDecideAgain(pg::Tx& tx, State state, base::Instant now, int limit);
// Live transfers that concern `agent`: as source or as destination.
std::vector<Transfer> TransfersOfAgent(pg::Tx& tx, std::string_view agent);
// Running or publishing ones whose lease was last renewed before `before`.
std::vector<Transfer> LeasesBefore(pg::Tx& tx, base::Instant before, int limit);
std::vector<Transfer> TransfersOfEntity(pg::Tx& tx, const Entity& entity);

struct LinkLoad {
  std::string source_site;
  std::string destination_site;
  int running = 0;
  int queued = 0;
};
std::vector<LinkLoad> LinkLoads(pg::Tx& tx);

struct ListFilter {
  std::string client;  // empty fields do not filter
  std::string project;
  std::string destination_site;
  std::vector<State> states;
  bool live_only = false;
  // Newest first: those older than this position.
  std::optional<base::Instant> before_created;
  std::string before_id;
  int limit = 100;
};
std::vector<Transfer> ListTransfers(pg::Tx& tx, const ListFilter& filter);

struct HistoryEntry {
  base::Instant at;
  State from;
  State to;
  std::string cause;
  std::string actor;
  std::string reason;
  std::string detail;
};
std::vector<HistoryEntry> History(pg::Tx& tx, std::string_view id);

// The generation of epochs: the server's timeline, which rises with each promotion and restore.
uint64_t DatabaseGeneration(pg::Tx& tx);

// A position in the outgoing events, and those after it that no open transaction can still precede.
struct OutgoingEvent {
  std::string xid;
  int64_t id = 0;
  std::string client;
  std::string project;
  std::string transfer;
  std::string kind;
};
std::vector<OutgoingEvent> OutgoingEventsAfter(pg::Tx& tx, std::string_view xid, int64_t id, int limit);
// The position after everything that is visible now.
OutgoingEvent OutgoingEnd(pg::Tx& tx);

}  // namespace crossdock::orchestrator::store
