#include "orchestrator/intake/postgres/source.h"

#include <optional>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/status.h"
#include "orchestrator/store/inbox.h"

namespace crossdock::orchestrator::intake {
namespace {

constexpr int kConnectionsMax = 4;
constexpr int kRowsAtOnce = 500;
constexpr int kReadyAtOnce = 500;

// Which life of which cluster: the first eight digits of a WAL file's name are the timeline.
constexpr pg::Query kLife{"source_life", R"sql(
  SELECT system_identifier::text,
         ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint,
         pg_snapshot_xmax(pg_current_snapshot()) < $1::text::xid8
    FROM pg_control_system())sql"};

// ORDER BY names the table: a bare xid would be the output column, a text, which sorts 1000 before 999.
constexpr pg::Query kOutbox{"source_outbox", R"sql(
  SELECT xid::text, id, event_id::text, created_at, kind, project, entity_type, entity_id, data::text
    FROM crossdock.outbox
   WHERE (xid, id) > ($1::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
   ORDER BY outbox.xid, outbox.id LIMIT $3)sql"};

constexpr pg::Query kEntity{"source_entity", R"sql(
  SELECT client, project, name, version, status, ready, generation, publisher, classification, tags, volume, path
    FROM crossdock.entity($1, $2))sql"};
constexpr pg::Query kReady{"source_ready", "SELECT entity_type, entity_id FROM crossdock.ready_entities($1, $2, $3)"};
constexpr pg::Query kReport{"source_report", "SELECT crossdock.report($1, $2, $3, $4, $5, $6)"};

struct Batch {
  std::vector<Event> events;
  store::SourceCursor cursor;
};

}  // namespace

PostgresSource::PostgresSource(std::string name, std::string conninfo)
    : name_(std::move(name)), database_(std::move(conninfo), kConnectionsMax) {}

absl::StatusOr<std::optional<Entity>> PostgresSource::Read(std::string_view type, std::string_view id) {
  return database_.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::optional<Entity>> {
    const pqxx::result result = tx.Run(kEntity, type, id);
    if (result.empty()) return std::optional<Entity>();
    const pqxx::row row = result[0];
    Entity entity;
    entity.source = name_;
    entity.type = type;
    entity.id = id;
    entity.client = pg::ReadText(row["client"]);
    entity.project = pg::ReadText(row["project"]);
    entity.name = pg::ReadText(row["name"]);
    entity.version = pg::ReadText(row["version"]);
    entity.status = pg::ReadText(row["status"]);
    entity.ready = !row["ready"].is_null() && row["ready"].as<bool>();
    entity.generation = pg::ReadText(row["generation"]);
    entity.publisher = pg::ReadText(row["publisher"]);
    entity.classification = pg::ReadText(row["classification"]);
    entity.tags = pg::ReadList(row["tags"]);
    entity.volume = pg::ReadText(row["volume"]);
    entity.path = pg::ReadText(row["path"]);
    return std::optional<Entity>(std::move(entity));
  });
}

absl::Status PostgresSource::Report(std::string_view type, std::string_view id, std::string_view destination,
                                    std::string_view state, std::string_view transfer, std::string_view note) {
  return database_.Transact([&](pg::Tx& tx) -> absl::Status {
    tx.Run(kReport, type, id, destination, state, transfer, note);
    return absl::OkStatus();
  });
}

absl::Status PostgresSource::Poll(const engine::Context& context, base::Instant now) {
  while (true) {
    ASSIGN_OR_RETURN(const store::SourceCursor known,
                     context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<store::SourceCursor> {
                       return store::GetCursor(tx, name_).value_or(store::SourceCursor{});
                     }));
    ASSIGN_OR_RETURN(const Batch batch, database_.Transact([&](pg::Tx& tx) -> absl::StatusOr<Batch> {
      Batch read;
      read.cursor = known;
      const pqxx::row life = tx.Run(kLife, known.xid)[0];
      read.cursor.system_identifier = life[0].as<std::string>();
      read.cursor.timeline = life[1].as<int64_t>();
      const bool other_life =
          read.cursor.system_identifier != known.system_identifier || read.cursor.timeline != known.timeline;
      if (other_life || life[2].as<bool>()) {
        if (!known.system_identifier.empty()) {
          LOG_WARNING("the asset database has changed its life; reading its outbox from the start",
                      {{"source", name_}});
        }
        read.cursor.xid = "0";
        read.cursor.id = 0;
        read.cursor.reconciled.reset();
      }
      for (const pqxx::row& row : tx.Run(kOutbox, read.cursor.xid, read.cursor.id, kRowsAtOnce)) {
        read.cursor.xid = row[0].as<std::string>();
        read.cursor.id = row[1].as<int64_t>();
        read.events.push_back({name_, row[2].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                               row[6].as<std::string>(), row[7].as<std::string>(), pg::ReadInstant(row[3]),
                               row[8].as<std::string>()});
      }
      return read;
    }));
    const bool same_place = batch.events.empty() && batch.cursor.timeline == known.timeline &&
                            batch.cursor.system_identifier == known.system_identifier && batch.cursor.xid == known.xid;
    if (same_place) return absl::OkStatus();
    // The rows and the position in one transaction: both or neither.
    RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
      for (const Event& event : batch.events) store::InsertEvent(tx, event, now);
      store::SetCursor(tx, name_, batch.cursor, now);
      return absl::OkStatus();
    }));
    if (!batch.events.empty()) context.wakes.Wake(Duty::kIntake);
    if (batch.events.size() < kRowsAtOnce) return absl::OkStatus();
  }
}

absl::Status PostgresSource::Reconcile(const engine::Context& context, base::Instant now) {
  std::string after_type;
  std::string after_id;
  while (true) {
    using Keys = std::vector<std::pair<std::string, std::string>>;
    ASSIGN_OR_RETURN(const Keys ready, database_.Transact([&](pg::Tx& tx) -> absl::StatusOr<Keys> {
      Keys keys;
      for (const pqxx::row& row : tx.Run(kReady, after_type, after_id, kReadyAtOnce)) {
        keys.emplace_back(row[0].as<std::string>(), row[1].as<std::string>());
      }
      return keys;
    }));
    for (const auto& [type, id] : ready) {
      const absl::Status made = engine::ReconcileEntity(context, *this, type, id);
      if (!made.ok())
        LOG_WARNING("an entity could not be reconciled",
                    {{"source", name_}, {"entity", id}, {"error", made.ToString()}});
    }
    if (ready.size() < kReadyAtOnce) break;
    std::tie(after_type, after_id) = ready.back();
  }
  context.wakes.Wake(Duty::kIntake);
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    std::optional<store::SourceCursor> cursor = store::GetCursor(tx, name_);
    if (!cursor) return absl::OkStatus();
    cursor->reconciled = now;
    store::SetCursor(tx, name_, *cursor, now);
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::intake
