#include "orchestrator/engine/control.h"

#include <algorithm>
#include <functional>

#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/engine/requests.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/transfers.h"

namespace crossdock::orchestrator::engine {
namespace {

constexpr int kAcceptedAtOnce = 200;
constexpr size_t kRendezvousSize = 16;

absl::Status Conflict(const Transfer& transfer, std::string_view what) {
  return base::WithReason(
      base::FailedPrecondition("transfer '", transfer.id, "' is ", Name(transfer.state), " and cannot be ", what),
      "STATE_CONFLICT");
}

void WakeAll(const Context& context, const Transfer& transfer) {
  for (const Duty duty : {Duty::kIntake, Duty::kDecide, Duty::kPlan, Duty::kWriteBack, Duty::kWatch})
    context.wakes.Wake(duty);
  context.wakes.WakeAgent(transfer.agent_from);
  context.wakes.WakeAgent(transfer.agent_to);
}

// What a person asks of a transfer, once for a request id; then everybody whom it may concern is woken. `change` sees
// the transfer locked, and gives what it refuses.
absl::StatusOr<Transfer> Change(
    const Context& context, std::string_view id, std::string_view method, const Actor& actor,
    const std::function<absl::Status(pg::Tx& tx, const Transfer& before, base::Instant now)>& change) {
  const base::Instant now = context.clock.Now();
  auto transfer = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<Transfer> {
    ASSIGN_OR_RETURN(const Transfer before, Lock(tx, id));
    ASSIGN_OR_RETURN(const bool repeat, IsRepeat(tx, actor, method, id, now));
    if (repeat) return before;
    RETURN_IF_ERROR(change(tx, before, now));
    return Lock(tx, id);
  });
  if (transfer.ok()) WakeAll(context, *transfer);
  return transfer;
}

// A transfer that says what `planned` asks for, and no more.
Transfer Draft(const Entity& entity, const PlannedDelivery& planned) {
  Transfer transfer;
  transfer.entity = entity;
  transfer.source_site = planned.source_site;
  transfer.destination_site = planned.destination_site;
  transfer.volume = planned.volume;
  transfer.path = planned.path;
  transfer.destination_path = planned.destination_path;
  transfer.purpose = planned.purpose;
  transfer.priority = planned.priority;
  transfer.merge = planned.merge;
  transfer.replace = planned.replace;
  transfer.ready = planned.ready;
  return transfer;
}

// Client and project, where the request left them out, are whose the path is by the officers' map; the sites must be
// the roster's.
absl::Status Place(pg::Tx& tx, const PlannedDelivery& planned, Entity& entity) {
  ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
  for (const std::string& site : {planned.source_site, planned.destination_site}) {
    if (roster.FindSite(site) == nullptr) {
      return base::WithReason(base::NotFound("the roster has no site '", base::PercentEscape(site), "'"),
                              trust::kSiteUnknown);
    }
  }
  ASSIGN_OR_RETURN(const trust::MappedPath mapped, roster.MapPath(planned.volume, planned.path));
  if (entity.client.empty()) entity.client = mapped.client;
  if (entity.project.empty()) entity.project = mapped.project;
  return absl::OkStatus();
}

// The agent of `site` that is online, has `volume`, and the most free slots; empty when there is none.
std::string ChooseScanner(const std::vector<AgentView>& agents, const Transfer& transfer) {
  const AgentView* best = nullptr;
  for (const AgentView& agent : agents) {
    if (agent.site != transfer.source_site || !agent.volumes.contains(transfer.volume)) continue;
    if (best == nullptr || agent.slots_free > best->slots_free) best = &agent;
  }
  return best == nullptr ? "" : best->id;
}

// Whether `planned` asks for what `transfer` is.
bool Makes(const PlannedDelivery& planned, const Transfer& transfer) {
  return planned.source_site == transfer.source_site && planned.destination_site == transfer.destination_site &&
         planned.volume == transfer.volume && planned.path == transfer.path &&
         planned.destination_path == transfer.destination_path && planned.purpose == transfer.purpose &&
         planned.merge == transfer.merge && planned.replace == transfer.replace && planned.ready == transfer.ready;
}

}  // namespace

absl::StatusOr<std::optional<Transfer>> Insert(const Context& context, pg::Tx& tx, const Entity& entity,
                                               const PlannedDelivery& planned, std::string_view requester,
                                               std::optional<int64_t> inbox, std::string_view event_kind,
                                               std::string_view delivery, std::string* existing, base::Instant now) {
  const std::string key =
      TransferKey(entity, planned.source_site, planned.destination_site, planned.destination_path, planned.purpose);
  Transfer transfer = Draft(entity, planned);
  transfer.id = base::NewId(context.random, "t");
  transfer.delivery = delivery;
  transfer.trigger = planned.trigger;
  transfer.inbox = inbox;
  transfer.event_kind = event_kind;
  transfer.requester = requester;
  if (planned.deadline) transfer.deadline = now + *planned.deadline;
  transfer.rendezvous = context.random.Bytes(kRendezvousSize);
  transfer.created = now;
  transfer.state_since = transfer.not_before = transfer.changed = now;
  if (store::InsertTransfer(tx, transfer, key)) return transfer;
  if (existing != nullptr) *existing = store::TransferOfKey(tx, key).value_or("");
  return std::optional<Transfer>();
}

absl::Status AcceptAll(const Context& context, base::Instant now) {
  const std::vector<AgentView> agents = context.online();
  std::vector<Transfer> accepted;
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    accepted.clear();
    std::vector<Transfer> waiting = store::TransfersInState(tx, State::kReceived, now, kAcceptedAtOnce);
    // A scanning transfer whose scanner is gone gets another one.
    for (Transfer& transfer : store::TransfersInState(tx, State::kScanning, now, kAcceptedAtOnce)) {
      const bool online =
          std::any_of(agents.begin(), agents.end(), [&](const AgentView& a) { return a.id == transfer.agent_from; });
      if (!online) waiting.push_back(std::move(transfer));
    }
    for (Transfer& transfer : waiting) {
      const std::string scanner = ChooseScanner(agents, transfer);
      if (scanner.empty()) {
        store::SetReason(tx, transfer.id, transfer.state, "AGENT_OFFLINE",
                         base::StrCat("no agent online at site '", transfer.source_site, "' has the volume '",
                                      transfer.volume, "'; see `crossdock agent list`"));
        continue;
      }
      store::SetSourceAgent(tx, transfer.id, scanner);
      transfer.agent_from = scanner;
      if (transfer.state == State::kReceived) {
        store::MoveTransfer(
            tx, transfer,
            {Cause::kAccepted, "orchestrator", "", base::StrCat("agent '", scanner, "' lists the files"), now});
      } else {
        store::StartScan(tx, transfer.id);
        store::SetReason(tx, transfer.id, transfer.state, "", base::StrCat("agent '", scanner, "' lists the files"));
      }
      accepted.push_back(transfer);
    }
    return absl::OkStatus();
  }));
  for (const Transfer& transfer : accepted) context.wakes.WakeAgent(transfer.agent_from);
  if (!accepted.empty()) context.wakes.Wake(Duty::kWatch);
  return absl::OkStatus();
}

absl::StatusOr<Transfer> CreateTransfer(const Context& context, const Entity& entity, const PlannedDelivery& planned,
                                        bool validate_only, const Actor& actor) {
  RETURN_IF_ERROR(CheckPath(planned.path));
  RETURN_IF_ERROR(CheckPath(planned.destination_path));
  if (actor.request_id.empty() && !validate_only) {
    return base::WithReason(base::InvalidArgument("request_id is missing: a repeat could make the transfer twice"),
                            "REQUEST_ID_MISSING");
  }
  const base::Instant now = context.clock.Now();
  // The request is what is ready here, so that two requests for the same path are two transfers.
  Entity made = entity;
  if (made.generation.empty()) made.generation = actor.request_id;
  auto transfer = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<Transfer> {
    ASSIGN_OR_RETURN(const std::optional<std::string> earlier, EarlierResource(tx, actor, "CreateTransfer"));
    if (earlier) {
      ASSIGN_OR_RETURN(const Transfer same, Lock(tx, *earlier));
      return Makes(planned, same) ? absl::StatusOr<Transfer>(same) : RequestIdReused(actor);
    }
    RETURN_IF_ERROR(Place(tx, planned, made));
    std::string existing;
    ASSIGN_OR_RETURN(const std::optional<Transfer> inserted,
                     Insert(context, tx, made, planned, actor.subject, std::nullopt, "",
                            base::NewId(context.random, "d"), &existing, now));
    if (validate_only) return base::Error(absl::StatusCode::kCancelled, "validated");
    if (inserted) existing = inserted->id;
    RETURN_IF_ERROR(Remember(tx, actor, "CreateTransfer", existing, now));
    return Lock(tx, existing);
  });
  if (validate_only && absl::IsCancelled(transfer.status())) return Draft(made, planned);
  if (transfer.ok()) WakeAll(context, *transfer);
  return transfer;
}

absl::StatusOr<Transfer> Cancel(const Context& context, std::string_view id, std::string_view reason,
                                const Actor& actor) {
  return Change(
      context, id, "CancelTransfer", actor, [&](pg::Tx& tx, const Transfer& before, base::Instant now) -> absl::Status {
        if (before.state == State::kCancelled) return absl::OkStatus();
        if (!Next(before.state, Cause::kCancelled)) return Conflict(before, "cancelled");
        const std::string why = reason.empty() ? base::StrCat("cancelled by ", actor.subject) : std::string(reason);
        store::MoveTransfer(tx, before, {Cause::kCancelled, actor.subject, "CANCELLED", why, now});
        Report(tx, before, State::kCancelled, reason, now);
        return absl::OkStatus();
      });
}

absl::StatusOr<Transfer> Pause(const Context& context, std::string_view id, std::string_view reason,
                               const Actor& actor) {
  return Change(context, id, "PauseTransfer", actor,
                [&](pg::Tx& tx, const Transfer& before, base::Instant now) -> absl::Status {
                  if (!before.paused_by.empty()) return absl::OkStatus();
                  if (IsEnded(before.state) || before.state == State::kPublishing || before.state == State::kDelivered)
                    return Conflict(before, "paused");
                  store::SetPaused(tx, id, actor.subject, reason, now);
                  // A running attempt ends; what it has landed is resumed by the next one.
                  if (before.state == State::kRunning) {
                    store::MoveTransfer(tx, before,
                                        {Cause::kAttemptFailed, actor.subject, "PAUSED", "paused while running", now});
                  }
                  return absl::OkStatus();
                });
}

absl::StatusOr<Transfer> Resume(const Context& context, std::string_view id, const Actor& actor) {
  return Change(context, id, "ResumeTransfer", actor,
                [&](pg::Tx& tx, const Transfer& before, base::Instant now) -> absl::Status {
                  if (before.paused_by.empty()) return absl::OkStatus();
                  store::SetPaused(tx, id, "", "", now);
                  // What was decided before the pause is decided again: days may lie between.
                  Reconsider(tx, before, actor.subject, "RESUMED", base::StrCat("resumed by ", actor.subject), now);
                  return absl::OkStatus();
                });
}

absl::StatusOr<Transfer> Retry(const Context& context, std::string_view id, const Actor& actor) {
  return Change(
      context, id, "RetryTransfer", actor, [&](pg::Tx& tx, const Transfer& before, base::Instant now) -> absl::Status {
        if (Next(before.state, Cause::kRetried)) {
          store::MoveTransfer(tx, before,
                              {Cause::kRetried, actor.subject, "", base::StrCat("retried by ", actor.subject), now});
          store::DismissApprovals(tx, before, "RETRIED", now);
          store::StartScan(tx, id);
        } else if (IsEnded(before.state)) {
          return Conflict(before, "retried");
        }
        // A live one that waits out its backoff is simply let go.
        store::SetBackoff(tx, id, 0, now);
        return absl::OkStatus();
      });
}

}  // namespace crossdock::orchestrator::engine
