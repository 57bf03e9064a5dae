#include "orchestrator/engine/intake.h"

#include <algorithm>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "nlohmann/json.hpp"
#include "orchestrator/core/trigger.h"
#include "orchestrator/engine/control.h"
#include "orchestrator/engine/moves.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/inbox.h"
#include "orchestrator/store/rules.h"
#include "orchestrator/store/transfers.h"
#include "orchestrator/store/write_backs.h"

namespace crossdock::orchestrator::engine {
namespace {

using std::chrono::milliseconds;

constexpr int kEntriesAtOnce = 100;
constexpr int kWriteBacksAtOnce = 100;
constexpr size_t kWordMax = 200;

absl::StatusOr<AssetDatabase*> Find(const AssetDatabases& databases, std::string_view name) {
  for (AssetDatabase* database : databases) {
    if (database->name() == name) return database;
  }
  return base::WithReason(base::NotFound("there is no asset database '", base::PercentEscape(name),
                                         "'; name one of the configuration's `sources:`"),
                          "SOURCE_UNKNOWN");
}

milliseconds Backoff(const Context& context, int attempts) {
  const int64_t base_ms = 200LL << std::clamp(attempts, 0, 9);
  return milliseconds(static_cast<int64_t>(static_cast<double>(base_ms) * (0.5 + 0.5 * Jitter(context))));
}

std::vector<Trigger> LoadTriggers(pg::Tx& tx) {
  std::vector<Trigger> triggers;
  for (const store::TriggerSet& set : store::ListTriggerSets(tx)) {
    // It was read before it was stored; a set that a newer program cannot read must not silence the others.
    absl::StatusOr<std::vector<Trigger>> parsed = ParseTriggers(set.text, set.name);
    if (!parsed.ok()) {
      LOG_ERROR("a stored trigger set does not load", {{"set", set.name}, {"error", parsed.status().ToString()}});
      continue;
    }
    triggers.insert(triggers.end(), parsed->begin(), parsed->end());
  }
  return triggers;
}

// Live transfers of the same entity that carry an older readiness, and do not run yet, make way for the new one.
void Supersede(pg::Tx& tx, const Entity& entity, base::Instant now) {
  for (const Transfer& transfer : store::TransfersOfEntity(tx, entity)) {
    const bool same = transfer.entity.generation == entity.generation && transfer.entity.version == entity.version;
    if (same || !Next(transfer.state, Cause::kSuperseded)) continue;
    store::MoveTransfer(tx, transfer,
                        {Cause::kSuperseded, "orchestrator", "SUPERSEDED",
                         base::StrCat("version '", entity.version, "' became ready"), now});
    Report(tx, transfer, State::kSuperseded, "a newer version became ready", now);
  }
}

struct Made {
  int transfers = 0;
  int existing = 0;
  int matched = 0;
};

absl::StatusOr<Made> MakeTransfers(const Context& context, pg::Tx& tx, const Entity& entity,
                                   std::optional<int64_t> inbox, std::string_view event_kind, base::Instant now) {
  Made made;
  Supersede(tx, entity, now);
  const std::string delivery = base::NewId(context.random, "d");
  for (const Trigger& trigger : LoadTriggers(tx)) {
    if (!Matches(trigger, entity).ok()) continue;
    ++made.matched;
    absl::StatusOr<std::vector<PlannedDelivery>> planned = Apply(trigger, entity);
    if (!planned.ok()) return base::Annotate(planned.status(), base::StrCat("trigger '", trigger.id, "'"));
    for (const PlannedDelivery& one : *planned) {
      ASSIGN_OR_RETURN(const std::optional<Transfer> transfer,
                       Insert(context, tx, entity, one, base::StrCat("trigger/", trigger.id), inbox, event_kind,
                              delivery, nullptr, now));
      ++(transfer ? made.transfers : made.existing);
    }
  }
  return made;
}

absl::Status ProcessEntry(const Context& context, const AssetDatabases& databases, pg::Tx& tx, const InboxEntry& entry,
                          base::Instant now) {
  ASSIGN_OR_RETURN(AssetDatabase * database, Find(databases, entry.event.source));
  ASSIGN_OR_RETURN(const std::optional<Entity> entity, database->Read(entry.event.entity_type, entry.event.entity_id));
  if (!entity) {
    store::FinishEvent(tx, entry.id, "", "superseded", "the entity no longer exists");
    return absl::OkStatus();
  }
  if (!entity->ready) {
    store::FinishEvent(tx, entry.id, entity->client, "superseded",
                       base::StrCat("the entity is no longer ready: its status is '", entity->status, "'"));
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const Made made, MakeTransfers(context, tx, *entity, entry.id, entry.event.kind, now));
  if (made.matched == 0) {
    store::FinishEvent(tx, entry.id, entity->client, "no_trigger",
                       "no trigger wants this entity; see `crossdock trigger test`");
  } else {
    store::FinishEvent(tx, entry.id, entity->client, "transfers_made",
                       base::StrCat(made.transfers, " made, ", made.existing, " existed already"));
  }
  return absl::OkStatus();
}

bool IsPermanent(const absl::Status& status) {
  return base::ReasonOf(status) == "PATH_REFUSED" || base::ReasonOf(status) == "SOURCE_UNKNOWN";
}

}  // namespace

absl::StatusOr<bool> PublishEvent(const Context& context, const AssetDatabases& databases, const Event& event) {
  RETURN_IF_ERROR(Find(databases, event.source).status());
  if (event.data_json.size() > kEventDataBytesMax) {
    return base::WithReason(base::InvalidArgument("the event's data has ", event.data_json.size(), " bytes; at most ",
                                                  kEventDataBytesMax, " are taken"),
                            "EVENT_TOO_LARGE");
  }
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>("external_id", event.external_id),
                                    {"kind", event.kind},
                                    {"entity_type", event.entity_type},
                                    {"entity_id", event.entity_id}}) {
    if (value.empty() || value.size() > kWordMax) {
      return base::WithReason(base::InvalidArgument("the event's ", name, " must have 1 to ", kWordMax, " bytes"),
                              "EVENT_MALFORMED");
    }
  }
  if (!nlohmann::json::accept(event.data_json)) {
    return base::WithReason(base::InvalidArgument("the event's data is not JSON"), "EVENT_MALFORMED");
  }
  const auto inserted = context.database.Transact(
      [&](pg::Tx& tx) -> absl::StatusOr<bool> { return store::InsertEvent(tx, event, context.clock.Now()); });
  if (inserted.ok() && *inserted) context.wakes.Wake(Duty::kIntake);
  return inserted;
}

absl::Status ProcessInbox(const Context& context, const AssetDatabases& databases, base::Instant now) {
  while (true) {
    size_t taken = 0;
    RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
      const std::vector<InboxEntry> entries = store::TakeWaiting(tx, now, kEntriesAtOnce);
      taken = entries.size();
      for (const InboxEntry& entry : entries) {
        const absl::Status status = ProcessEntry(context, databases, tx, entry, now);
        if (status.ok()) continue;
        const bool park = IsPermanent(status) || entry.attempts + 1 >= kInboxAttemptsMax;
        store::PostponeEvent(tx, entry.id, base::ToStd(status.message()), now + Backoff(context, entry.attempts), park);
        LOG_WARNING("an event could not be processed", {{"source", entry.event.source},
                                                        {"event", entry.event.external_id},
                                                        {"parked", park},
                                                        {"error", status.ToString()}});
      }
      return absl::OkStatus();
    }));
    if (taken > 0) {
      context.wakes.Wake(Duty::kDecide);
      context.wakes.Wake(Duty::kWriteBack);
      context.wakes.Wake(Duty::kWatch);
    }
    if (taken < kEntriesAtOnce) break;
  }
  return AcceptAll(context, now);
}

absl::Status ReconcileEntity(const Context& context, AssetDatabase& database, std::string_view type,
                             std::string_view id) {
  ASSIGN_OR_RETURN(const std::optional<Entity> entity, database.Read(type, id));
  if (!entity || !entity->ready) return absl::OkStatus();
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    return MakeTransfers(context, tx, *entity, std::nullopt, "reconcile", context.clock.Now()).status();
  });
}

absl::Status WriteBack(const Context& context, const AssetDatabases& databases, base::Instant now) {
  for (AssetDatabase* database : databases) {
    RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
      for (const store::WriteBack& item : store::TakeWriteBacks(tx, database->name(), now, kWriteBacksAtOnce)) {
        const absl::Status told =
            database->Report(item.entity_type, item.entity_id, item.destination, item.state, item.transfer, item.note);
        if (told.ok()) {
          store::FinishWriteBack(tx, item.id, now);
          store::Audit(
              tx, {0, now, item.client, "orchestrator", "asset_database.updated", item.transfer, item.state, "{}"});
          continue;
        }
        LOG_WARNING("the asset database did not take a report",
                    {{"source", database->name()}, {"transfer", item.transfer}, {"error", told.ToString()}});
        store::PostponeWriteBack(tx, item.id, now + Backoff(context, item.attempts));
      }
      return absl::OkStatus();
    }));
  }
  return absl::OkStatus();
}

absl::StatusOr<TriggerTest> TestTriggers(const Context& context, const AssetDatabases& databases,
                                         std::string_view source, std::string_view type, std::string_view id) {
  ASSIGN_OR_RETURN(AssetDatabase * database, Find(databases, source));
  ASSIGN_OR_RETURN(const std::optional<Entity> entity, database->Read(type, id));
  if (!entity) {
    return base::WithReason(
        base::NotFound("the asset database has no ", base::PercentEscape(type), " '", base::PercentEscape(id), "'"),
        "ENTITY_UNKNOWN");
  }
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<TriggerTest> {
    TriggerTest test;
    if (!entity->ready)
      test.notes.push_back(base::StrCat("the entity is not ready: its status is '", entity->status, "'"));
    for (const Trigger& trigger : LoadTriggers(tx)) {
      const absl::Status matches = Matches(trigger, *entity);
      if (!matches.ok()) {
        test.notes.push_back(
            base::StrCat("trigger '", trigger.id, "' does not match: ", base::ToStd(matches.message())));
        continue;
      }
      absl::StatusOr<std::vector<PlannedDelivery>> planned = Apply(trigger, *entity);
      if (!planned.ok()) {
        test.notes.push_back(base::StrCat("trigger '", trigger.id, "': ", base::ToStd(planned.status().message())));
        continue;
      }
      for (const PlannedDelivery& one : *planned) {
        const std::string key =
            TransferKey(*entity, one.source_site, one.destination_site, one.destination_path, one.purpose);
        const bool exists = store::TransferOfKey(tx, key).has_value();
        test.matches.push_back({one.trigger, one.source_site, one.destination_site, one.volume, one.path,
                                one.destination_path, one.purpose, exists});
      }
    }
    return test;
  });
}

}  // namespace crossdock::orchestrator::engine
