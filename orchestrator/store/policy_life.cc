#include "orchestrator/store/policy_life.h"

#include "orchestrator/store/rules.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kLockScope{"policy_lock_scope", "SELECT pg_advisory_xact_lock(7310443, hashtext($1))"};

constexpr pg::Query kPutVersion{"policy_version_put", R"sql(
  INSERT INTO policy_version (scope, digest, state, author, proposed, against, difference, accepted, number, statement,
                              officer)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (scope, digest) DO UPDATE SET state = $3, author = $4, proposed = $5, against = $6, difference = $7,
    accepted = $8, number = $9, statement = $10, officer = $11)sql"};
#define VERSION_SELECT                                                                                         \
  "SELECT scope, digest, state, author, proposed, against, difference::text AS difference, accepted, number, " \
  "statement, officer FROM policy_version "
constexpr pg::Query kGetVersion{"policy_version_get", VERSION_SELECT "WHERE scope = $1 AND digest = $2"};
constexpr pg::Query kListVersions{"policy_version_list",
                                  VERSION_SELECT "WHERE scope = $1 ORDER BY proposed DESC, digest LIMIT $2"};

PolicyVersion ReadVersion(const pqxx::row& row) {
  PolicyVersion version;
  version.scope = row["scope"].as<std::string>();
  version.digest = row["digest"].as<std::string>();
  // The constraint a_version_state_is_known sees to it that it is one.
  version.state = ParseVersionState(row["state"].as<std::string>()).value();
  version.author = row["author"].as<std::string>();
  version.proposed = pg::ReadInstant(row["proposed"]);
  version.against = row["against"].as<std::string>();
  version.difference_json = row["difference"].as<std::string>();
  version.accepted = pg::ReadList(row["accepted"]);
  version.number = row["number"].as<uint64_t>();
  version.statement = row["statement"].as<std::string>();
  version.officer = row["officer"].as<std::string>();
  return version;
}

constexpr pg::Query kAddEvent{"policy_event_add", R"sql(
  INSERT INTO policy_event (scope, digest, at, actor, cause, state, number, detail)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8))sql"};
constexpr pg::Query kEvents{"policy_event_list", R"sql(
  SELECT id, scope, digest, at, actor, cause, state, number, detail FROM policy_event
   WHERE scope = $1 ORDER BY id DESC LIMIT $2)sql"};
// What came into force is in force until something else does.
constexpr pg::Query kInForceAt{"policy_event_in_force_at", R"sql(
  SELECT digest FROM policy_event WHERE scope = $1 AND state = 'in_force' AND at <= $2 ORDER BY id DESC LIMIT 1)sql"};

constexpr pg::Query kPutShadow{"policy_shadow_put", R"sql(
  INSERT INTO policy_shadow (scope, digest, text, author, started, calendars) VALUES ($1, $2, $3, $4, $5, $6))sql"};
constexpr pg::Query kDropShadow{"policy_shadow_drop", "DELETE FROM policy_shadow WHERE scope = $1"};
constexpr pg::Query kGetShadow{"policy_shadow_get", R"sql(
  SELECT scope, digest, text, author, started,
         array(SELECT encode(f.bytes, 'hex') FROM calendar_file f WHERE f.digest = ANY(s.calendars) ORDER BY f.digest)
    FROM policy_shadow s WHERE scope = $1)sql"};
// The shadow may be gone by now: then nothing is kept.
constexpr pg::Query kKeepDifference{"policy_shadow_keep", R"sql(
  INSERT INTO policy_shadow_difference (scope, digest, decision, kind, before, after, why, at)
  SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE EXISTS (SELECT FROM policy_shadow WHERE scope = $1 AND digest = $2)
  ON CONFLICT ON CONSTRAINT a_difference_is_kept_once DO NOTHING)sql"};
constexpr pg::Query kCountDifferences{"policy_shadow_count", R"sql(
  SELECT kind, count(*) FROM policy_shadow_difference WHERE scope = $1 GROUP BY kind ORDER BY kind)sql"};
constexpr pg::Query kShadowExamples{"policy_shadow_examples", R"sql(
  SELECT s.scope, s.digest, s.decision, s.kind, s.before, s.after, s.why, s.at, d.transfer FROM (
    SELECT *, row_number() OVER (PARTITION BY kind ORDER BY at DESC, decision DESC) AS rank
      FROM policy_shadow_difference WHERE scope = $1) s
    JOIN decision d ON d.id = s.decision
   WHERE s.rank <= $2 ORDER BY s.kind, s.rank)sql"};
constexpr pg::Query kCountDecisions{"decision_count",
                                    "SELECT count(*) FROM decision WHERE ($1 = '' OR client = $1) AND at >= $2"};

}  // namespace

void LockScope(pg::Tx& tx, std::string_view scope) { tx.Run(kLockScope, scope); }

void PutVersion(pg::Tx& tx, const PolicyVersion& v) {
  tx.Run(kPutVersion, v.scope, v.digest, Name(v.state), v.author, v.proposed, v.against, v.difference_json, v.accepted,
         v.number, v.statement, v.officer);
}

std::optional<PolicyVersion> GetVersion(pg::Tx& tx, std::string_view scope, std::string_view digest) {
  const pqxx::result result = tx.Run(kGetVersion, scope, digest);
  if (result.empty()) return std::nullopt;
  return ReadVersion(result[0]);
}

std::vector<PolicyVersion> ListVersions(pg::Tx& tx, std::string_view scope, int limit) {
  std::vector<PolicyVersion> versions;
  for (const pqxx::row& row : tx.Run(kListVersions, scope, limit)) versions.push_back(ReadVersion(row));
  return versions;
}

void AddPolicyEvent(pg::Tx& tx, const PolicyEvent& e) {
  tx.Run(kAddEvent, e.scope, e.digest, e.at, e.actor, Name(e.cause), Name(e.state), e.number, e.detail);
}

std::vector<PolicyEventRow> PolicyEvents(pg::Tx& tx, std::string_view scope, int limit) {
  std::vector<PolicyEventRow> rows;
  for (const pqxx::row& row : tx.Run(kEvents, scope, limit)) {
    PolicyEventRow& out = rows.emplace_back();
    out.event.id = row[0].as<int64_t>();
    out.event.scope = row[1].as<std::string>();
    out.event.digest = row[2].as<std::string>();
    out.event.at = pg::ReadInstant(row[3]);
    out.event.actor = row[4].as<std::string>();
    out.cause = row[5].as<std::string>();
    out.state = row[6].as<std::string>();
    out.event.number = row[7].as<uint64_t>();
    out.event.detail = row[8].as<std::string>();
  }
  return rows;
}

std::optional<std::string> InForceAt(pg::Tx& tx, std::string_view scope, base::Instant at) {
  const pqxx::result result = tx.Run(kInForceAt, scope, at);
  if (result.empty()) return std::nullopt;
  return result[0][0].as<std::string>();
}

void PutShadow(pg::Tx& tx, const Shadow& s) {
  tx.Run(kDropShadow, s.scope);
  const std::vector<std::string> calendars = KeepCalendars(tx, s.calendars, s.started);
  tx.Run(kPutShadow, s.scope, s.digest, pg::Bytes{s.text}, s.author, s.started, calendars);
}

bool DropShadow(pg::Tx& tx, std::string_view scope) { return tx.Run(kDropShadow, scope).affected_rows() > 0; }

std::optional<Shadow> GetShadow(pg::Tx& tx, std::string_view scope) {
  const pqxx::result result = tx.Run(kGetShadow, scope);
  if (result.empty()) return std::nullopt;
  const pqxx::row row = result[0];
  return Shadow{row[0].as<std::string>(), row[1].as<std::string>(), pg::ReadBytes(row[2]),
                row[3].as<std::string>(), pg::ReadInstant(row[4]),  ReadCalendars(row[5])};
}

void KeepShadowDifference(pg::Tx& tx, const ShadowDifference& d) {
  tx.Run(kKeepDifference, d.scope, d.digest, d.decision, d.kind, d.before, d.after, d.why, d.at);
}

std::vector<ShadowCount> CountShadowDifferences(pg::Tx& tx, std::string_view scope) {
  std::vector<ShadowCount> counts;
  for (const pqxx::row& row : tx.Run(kCountDifferences, scope))
    counts.push_back({row[0].as<std::string>(), row[1].as<int64_t>()});
  return counts;
}

std::vector<ShadowDifference> ShadowExamples(pg::Tx& tx, std::string_view scope, int limit) {
  std::vector<ShadowDifference> examples;
  for (const pqxx::row& row : tx.Run(kShadowExamples, scope, limit)) {
    examples.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<int64_t>(),
                        row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>(),
                        row[6].as<std::string>(), pg::ReadInstant(row[7]), row[8].as<std::string>()});
  }
  return examples;
}

int64_t CountDecisions(pg::Tx& tx, std::string_view client, base::Instant since) {
  return tx.Run(kCountDecisions, client, since)[0][0].as<int64_t>();
}

}  // namespace crossdock::orchestrator::store
