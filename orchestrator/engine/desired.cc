#include "orchestrator/engine/desired.h"

#include <optional>
#include <string>
#include <utility>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "orchestrator/core/readiness.h"
#include "orchestrator/engine/cleaning.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/delegations.h"
#include "orchestrator/engine/facts.h"
#include "orchestrator/engine/route.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/break_glass.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/rules.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

std::string AttemptId(std::string_view kind, const Transfer& t) {
  return base::StrCat(kind, "/", t.id, "/", t.epoch.generation, ".", t.epoch.n);
}
std::string ScanId(std::string_view kind, const Transfer& t) { return base::StrCat(kind, "/", t.id, "/", t.scan); }

absl::StatusOr<store::Agent> AgentRow(pg::Tx& tx, const std::string& id) {
  std::optional<store::Agent> row = store::GetAgent(tx, id);
  if (!row) return base::WithReason(base::NotFound("no agent '", id, "' is enrolled"), "AGENT_UNKNOWN");
  return *std::move(row);
}

// What the row holds was checked when the transfer was made.
Readiness ReadinessOf(const Transfer& transfer) { return ParseReadiness(transfer.ready).value_or(Readiness()); }

PathRef SourceOf(const Transfer& transfer) { return {transfer.volume, transfer.path, ReadinessOf(transfer).marker}; }

int64_t LinkCap(pg::Tx& tx, const Transfer& transfer) {
  for (const store::Link& link : store::ListLinks(tx)) {
    if (link.source_site == transfer.source_site && link.destination_site == transfer.destination_site)
      return link.bytes_per_second_max;
  }
  return 0;
}

absl::StatusOr<Warrant> MakeWarrant(pg::Tx& tx, const Transfer& transfer, base::Instant now) {
  ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
  ASSIGN_OR_RETURN(const std::vector<store::Policy> policies, LayersOver(tx, transfer, roster));
  Warrant warrant;
  for (const store::Policy& policy : policies)
    warrant.policies.push_back({policy.text, policy.statement, policy.calendars});
  for (const store::Approval& approval : store::LiveApprovals(tx, transfer.id))
    warrant.approvals.push_back(approval.statement);
  if (!warrant.approvals.empty()) warrant.delegations = DelegationsOf(tx, transfer.entity.client, now);
  warrant.break_glass = store::LiveBreakGlass(tx, transfer.id, now);
  warrant.asserted_facts = WarrantFacts(AssertedFacts(transfer));
  warrant.client = transfer.entity.client;
  warrant.project = transfer.entity.project;
  warrant.roster_number = roster.number();
  warrant.source_site = transfer.source_site;
  warrant.destination_site = transfer.destination_site;
  return warrant;
}

absl::StatusOr<MoveTask> MakeMove(const Context& context, pg::Tx& tx, const Transfer& transfer, bool send,
                                  base::Instant now) {
  Ends ends;
  ASSIGN_OR_RETURN(ends.sender, AgentRow(tx, transfer.agent_from));
  ASSIGN_OR_RETURN(ends.receiver, AgentRow(tx, transfer.agent_to));
  MoveTask move;
  move.send = send;
  move.epoch = transfer.epoch;
  move.source = SourceOf(transfer);
  move.destination = {transfer.volume, transfer.destination_path};
  move.bytes_per_second_max = LinkCap(tx, transfer);
  ASSIGN_OR_RETURN(const Routes routes, MakeRoutes(context, tx, transfer, ends, move.bytes_per_second_max, now));
  move.route = send ? routes.sender : routes.receiver;
  const store::Agent& peer = send ? ends.receiver : ends.sender;
  move.peer_identity = peer.identity;
  move.peer_grant = peer.grant;
  ASSIGN_OR_RETURN(move.warrant, MakeWarrant(tx, transfer, now));
  move.listing = transfer.listing;
  if (transfer.content_wanted) move.content = transfer.content;
  move.files = transfer.files;
  move.bytes = transfer.bytes;
  move.streams = context.streams;
  move.verify = transfer.verify;
  move.merge = transfer.merge;
  move.replace = transfer.replace;
  return move;
}

// At most two: an agent may be both ends of a transfer.
absl::Status AddAttempt(const Context& context, pg::Tx& tx, const Transfer& t, std::string_view agent,
                        base::Instant now, std::vector<Task>& tasks) {
  if (t.agent_from == agent) {
    ASSIGN_OR_RETURN(MoveTask move, MakeMove(context, tx, t, true, now));
    tasks.push_back({AttemptId("send", t), t.id, std::move(move)});
  }
  if (t.agent_to == agent && t.state == State::kPublishing) {
    tasks.push_back({AttemptId("receive", t), t.id, FinishTask{t.epoch, {t.volume, t.destination_path}}});
  } else if (t.agent_to == agent) {
    ASSIGN_OR_RETURN(MoveTask move, MakeMove(context, tx, t, false, now));
    tasks.push_back({AttemptId("receive", t), t.id, std::move(move)});
  }
  return absl::OkStatus();
}

absl::Status AddTasks(const Context& context, pg::Tx& tx, const Transfer& t, std::string_view agent, base::Instant now,
                      std::vector<Task>& tasks) {
  switch (t.state) {
    case State::kScanning:
      if (t.agent_from == agent && t.not_before <= now)
        tasks.push_back({ScanId("scan", t), t.id, ScanTask{SourceOf(t), t.scan, ReadinessOf(t).quiet}});
      return absl::OkStatus();
    case State::kDeciding:
    case State::kHeld:
    case State::kAwaitingApproval:
    case State::kQueued:
      if (t.agent_from == agent && t.content_wanted && t.content.empty())
        tasks.push_back({ScanId("hash", t), t.id, HashTask{SourceOf(t), t.scan, t.listing}});
      return absl::OkStatus();
    case State::kRunning:
    case State::kPublishing:
      return AddAttempt(context, tx, t, agent, now, tasks);
    default:
      return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<DesiredSet> DesiredTasks(const Context& context, std::string_view agent) {
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<DesiredSet> {
    DesiredSet set;
    set.generation = store::DatabaseGeneration(tx);
    for (const Transfer& transfer : store::TransfersOfAgent(tx, agent)) {
      if (!transfer.paused_by.empty() && transfer.state != State::kPublishing) continue;
      // One that cannot be made must not keep the agent from the others.
      const absl::Status added = AddTasks(context, tx, transfer, agent, now, set.tasks);
      if (!added.ok()) {
        LOG_WARNING("a task could not be made",
                    {{"transfer", transfer.id}, {"agent", agent}, {"error", added.ToString()}});
      }
    }
    AddCleaning(context, tx, agent, now, set.tasks);
    return set;
  });
}

}  // namespace crossdock::orchestrator::engine
