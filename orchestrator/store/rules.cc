#include "orchestrator/store/rules.h"

#include "lib/base/digest.h"
#include "lib/base/encoding.h"

namespace crossdock::orchestrator::store {
namespace {

// Each proposed version with its newest activation; the active one is the client's highest number.
#define POLICY_SELECT                                                                                                \
  "SELECT p.client, p.digest, p.title, p.text, p.author, p.proposed, array(SELECT encode(f.bytes, 'hex') FROM "      \
  "calendar_file f WHERE f.digest = ANY(p.calendars) ORDER BY f.digest) AS calendars, a.number, a.statement, "       \
  "a.officer, a.activated, coalesce(a.number = (SELECT max(number) FROM policy_activation m WHERE m.client = "       \
  "p.client), false) AS active FROM policy p LEFT JOIN LATERAL (SELECT * FROM policy_activation a WHERE a.client = " \
  "p.client AND a.digest = p.digest ORDER BY number DESC LIMIT 1) a ON true "

Policy ReadPolicy(const pqxx::row& row) {
  Policy policy;
  policy.client = row["client"].as<std::string>();
  policy.digest = row["digest"].as<std::string>();
  policy.title = row["title"].as<std::string>();
  policy.text = pg::ReadBytes(row["text"]);
  policy.author = row["author"].as<std::string>();
  policy.proposed = pg::ReadInstant(row["proposed"]);
  policy.calendars = ReadCalendars(row["calendars"]);
  if (!row["number"].is_null()) policy.number = row["number"].as<uint64_t>();
  policy.statement = pg::ReadText(row["statement"]);
  policy.officer = pg::ReadText(row["officer"]);
  policy.activated = pg::ReadOptionalInstant(row["activated"]);
  policy.active = row["active"].as<bool>();
  return policy;
}

constexpr pg::Query kKeepCalendar{
    "calendar_file_keep", "INSERT INTO calendar_file (digest, bytes, kept) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"};
constexpr pg::Query kInsertPolicy{"policy_insert", R"sql(
  INSERT INTO policy (client, digest, title, text, author, proposed, calendars) VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT DO NOTHING)sql"};
constexpr pg::Query kActivate{"policy_activate", R"sql(
  INSERT INTO policy_activation (client, number, digest, statement, officer, activated)
  VALUES ($1, $2, $3, $4, $5, $6))sql"};
constexpr pg::Query kActive{"policy_active", POLICY_SELECT R"sql(
   WHERE p.client = $1 AND a.number = (SELECT max(number) FROM policy_activation m WHERE m.client = $1))sql"};
constexpr pg::Query kInForce{"policy_activations_in_force", R"sql(
  SELECT DISTINCT ON (client) statement FROM policy_activation ORDER BY client, number DESC LIMIT $1)sql"};
constexpr pg::Query kGet{"policy_get", POLICY_SELECT "WHERE p.client = $1 AND p.digest = $2"};
constexpr pg::Query kList{"policy_list", POLICY_SELECT R"sql(
   WHERE ($1 = '' OR p.client = $1 OR starts_with(p.client, 'show:' || $1 || '/')) AND (p.client, p.digest) > ($2, $3) ORDER BY p.client, p.digest LIMIT $4)sql"};

constexpr pg::Query kPutTriggers{"trigger_set_put", R"sql(
  INSERT INTO trigger_set (name, text, names, author, applied) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (name) DO UPDATE SET text = $2, names = $3, author = $4, applied = $5)sql"};
constexpr pg::Query kListTriggers{"trigger_set_list",
                                  "SELECT name, text, names, author, applied FROM trigger_set ORDER BY name"};

constexpr pg::Query kPutLink{"link_put", R"sql(
  INSERT INTO link (source_site, destination_site, concurrency, bytes_per_second_max, held_reason)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (source_site, destination_site) DO UPDATE SET concurrency = $3, bytes_per_second_max = $4, held_reason = $5)sql"};
constexpr pg::Query kListLinks{"link_list", R"sql(
  SELECT source_site, destination_site, concurrency, bytes_per_second_max, held_reason FROM link ORDER BY 1, 2)sql"};

}  // namespace

std::vector<std::string> ReadCalendars(const pqxx::field& field) {
  std::vector<std::string> calendars;
  // What the database itself encodes reads.
  for (const std::string& hex : pg::ReadList(field)) calendars.push_back(base::FromHex(hex).value());
  return calendars;
}

std::vector<std::string> KeepCalendars(pg::Tx& tx, const std::vector<std::string>& files, base::Instant now) {
  std::vector<std::string> digests;
  for (const std::string& bytes : files) {
    digests.push_back(base::ToHex(base::Sha256(bytes)));
    tx.Run(kKeepCalendar, digests.back(), pg::Bytes{bytes}, now);
  }
  return digests;
}

void InsertPolicy(pg::Tx& tx, const Policy& p) {
  const std::vector<std::string> calendars = KeepCalendars(tx, p.calendars, p.proposed);
  tx.Run(kInsertPolicy, p.client, p.digest, p.title, pg::Bytes{p.text}, p.author, p.proposed, calendars);
}

void ActivatePolicy(pg::Tx& tx, const Policy& p) {
  tx.Run(kActivate, p.client, p.number, p.digest, p.statement, p.officer, p.activated);
}

std::optional<Policy> ActivePolicy(pg::Tx& tx, std::string_view client) {
  const pqxx::result result = tx.Run(kActive, client);
  if (result.empty()) return std::nullopt;
  return ReadPolicy(result[0]);
}

std::vector<std::string> ActivationsInForce(pg::Tx& tx, int limit) {
  std::vector<std::string> statements;
  for (const pqxx::row& row : tx.Run(kInForce, limit)) statements.push_back(row[0].as<std::string>());
  return statements;
}

std::optional<Policy> GetPolicy(pg::Tx& tx, std::string_view client, std::string_view digest) {
  const pqxx::result result = tx.Run(kGet, client, digest);
  if (result.empty()) return std::nullopt;
  return ReadPolicy(result[0]);
}

std::vector<Policy> ListPolicies(pg::Tx& tx, std::string_view client, std::string_view after_client,
                                 std::string_view after_digest, int limit) {
  std::vector<Policy> policies;
  for (const pqxx::row& row : tx.Run(kList, client, after_client, after_digest, limit)) {
    policies.push_back(ReadPolicy(row));
  }
  return policies;
}

void PutTriggerSet(pg::Tx& tx, const TriggerSet& s) {
  tx.Run(kPutTriggers, s.name, pg::Bytes{s.text}, s.names, s.author, s.applied);
}

std::vector<TriggerSet> ListTriggerSets(pg::Tx& tx) {
  std::vector<TriggerSet> sets;
  for (const pqxx::row& row : tx.Run(kListTriggers)) {
    sets.push_back({row[0].as<std::string>(), pg::ReadBytes(row[1]), pg::ReadList(row[2]), row[3].as<std::string>(),
                    pg::ReadInstant(row[4])});
  }
  return sets;
}

void PutLink(pg::Tx& tx, const Link& l) {
  tx.Run(kPutLink, l.source_site, l.destination_site, l.concurrency, l.bytes_per_second_max, l.held_reason);
}

std::vector<Link> ListLinks(pg::Tx& tx) {
  std::vector<Link> links;
  for (const pqxx::row& row : tx.Run(kListLinks)) {
    links.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<int>(), row[3].as<int64_t>(),
                     row[4].as<std::string>()});
  }
  return links;
}

}  // namespace crossdock::orchestrator::store
