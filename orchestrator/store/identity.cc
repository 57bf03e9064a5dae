#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::store {
namespace {

constexpr pg::Query kInsertRoster{"roster_insert", R"sql(
  INSERT INTO roster (number, body, statement, received) VALUES ($1, $2, $3, $4))sql"};
constexpr pg::Query kLatestRoster{"roster_latest", R"sql(
  SELECT number, body, statement FROM roster ORDER BY number DESC LIMIT 1)sql"};
constexpr pg::Query kRostersFrom{"rosters_from", R"sql(
  SELECT number, body, statement FROM roster WHERE number >= $1 ORDER BY number)sql"};

constexpr pg::Query kInsertGrant{"join_grant_insert", R"sql(
  INSERT INTO join_grant (digest, site, statement, not_after, registered) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT DO NOTHING)sql"};
constexpr pg::Query kGetGrant{"join_grant_get", R"sql(
  SELECT digest, site, statement, not_after FROM join_grant WHERE digest = $1)sql"};
constexpr pg::Query kUseGrant{"join_grant_use", R"sql(
  UPDATE join_grant SET used_by = $2 WHERE digest = $1 AND coalesce(used_by, $2) = $2)sql"};

#define AGENT_COLUMNS                                                                                                \
  "id, site, identity, join_grant, identity_key, tls_spki, session_counter, version, volumes, certificate_expires, " \
  "last_report"

Roster ReadRoster(const pqxx::row& row) {
  return {row[0].as<uint64_t>(), pg::ReadBytes(row[1]), row[2].as<std::string>()};
}

Agent ReadAgent(const pqxx::row& row) {
  Agent agent;
  agent.id = row["id"].as<std::string>();
  agent.site = row["site"].as<std::string>();
  agent.identity = row["identity"].as<std::string>();
  agent.grant = row["join_grant"].as<std::string>();
  agent.identity_key = row["identity_key"].as<std::string>();
  agent.tls_spki = row["tls_spki"].as<std::string>();
  agent.session_counter = row["session_counter"].as<int64_t>();
  agent.version = row["version"].as<std::string>();
  agent.volumes = pg::ReadList(row["volumes"]);
  agent.certificate_expires = pg::ReadOptionalInstant(row["certificate_expires"]);
  agent.last_report = pg::ReadOptionalInstant(row["last_report"]);
  return agent;
}

constexpr pg::Query kPutAgent{"agent_put", R"sql(
  INSERT INTO agent (id, site, identity, join_grant, identity_key, tls_spki, certificate_expires, enrolled)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (id) DO UPDATE SET site = $2, identity = $3, join_grant = $4, identity_key = $5, tls_spki = $6,
     certificate_expires = $7, enrolled = $8, session_counter = 0)sql"};
constexpr pg::Query kGetAgent{"agent_get", "SELECT " AGENT_COLUMNS " FROM agent WHERE id = $1"};
constexpr pg::Query kListAgents{"agent_list",
                                "SELECT " AGENT_COLUMNS " FROM agent WHERE $1 = '' OR site = $1 ORDER BY id"};
constexpr pg::Query kAdvanceSession{"agent_advance_session", R"sql(
  UPDATE agent SET session_counter = $2, version = $3, volumes = $4, last_report = $5
   WHERE id = $1 AND session_counter < $2)sql"};
constexpr pg::Query kSetExpiry{"agent_set_expiry", "UPDATE agent SET certificate_expires = $2 WHERE id = $1"};

constexpr pg::Query kPutRelay{"relay_put", R"sql(
  INSERT INTO relay (id, site, spki, address_lan, address_wan, statement, added) VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (id) DO UPDATE SET site = $2, spki = $3, address_lan = $4, address_wan = $5, statement = $6, added = $7)sql"};
constexpr pg::Query kListRelays{"relay_list", R"sql(
  SELECT id, site, spki, address_lan, address_wan, statement FROM relay WHERE $1 = '' OR site = $1 ORDER BY id)sql"};
constexpr pg::Query kPutRelayKeys{"relay_keys_put", R"sql(
  INSERT INTO relay_keys (site, number, bundle, received) VALUES ($1, $2, $3, $4))sql"};
constexpr pg::Query kLatestRelayKeys{"relay_keys_latest", R"sql(
  SELECT number, bundle FROM relay_keys WHERE site = $1 ORDER BY number DESC LIMIT 1)sql"};

constexpr pg::Query kDeny{"denied_key_insert", R"sql(
  INSERT INTO denied_key (spki, reason, actor, at) VALUES ($1, $2, $3, $4)
  ON CONFLICT (spki) DO UPDATE SET spki = EXCLUDED.spki RETURNING number)sql"};
constexpr pg::Query kDenied{"denied_key_list", "SELECT spki, number, reason FROM denied_key ORDER BY spki"};

constexpr pg::Query kInsertToken{"api_token_insert", R"sql(
  INSERT INTO api_token (id, hash, subject, roles, client, expires) VALUES ($1, $2, $3, $4, $5, $6))sql"};
constexpr pg::Query kTokenOfHash{"api_token_of_hash", R"sql(
  SELECT id, hash, subject, roles, client, expires, revoked IS NOT NULL FROM api_token WHERE hash = $1)sql"};
constexpr pg::Query kListTokens{"api_token_list", R"sql(
  SELECT id, hash, subject, roles, client, expires, revoked IS NOT NULL FROM api_token ORDER BY id)sql"};
constexpr pg::Query kRevokeToken{"api_token_revoke", R"sql(
  UPDATE api_token SET revoked = $2 WHERE id = $1 AND revoked IS NULL)sql"};

constexpr pg::Query kRemember{"request_remember", R"sql(
  INSERT INTO request (subject, request_id, method, resource, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING)sql"};
constexpr pg::Query kForget{"request_forget", "DELETE FROM request WHERE at < $1"};
constexpr pg::Query kRecall{"request_recall", R"sql(
  SELECT method, resource FROM request WHERE subject = $1 AND request_id = $2)sql"};

ApiToken ReadToken(const pqxx::row& row) {
  return {row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(), pg::ReadList(row[3]),
          row[4].as<std::string>(), pg::ReadInstant(row[5]),  row[6].as<bool>()};
}

}  // namespace

void InsertRoster(pg::Tx& tx, const Roster& r, base::Instant now) {
  tx.Run(kInsertRoster, r.number, pg::Bytes{r.body}, r.statement, now);
}

std::optional<Roster> LatestRoster(pg::Tx& tx) {
  const pqxx::result result = tx.Run(kLatestRoster);
  if (result.empty()) return std::nullopt;
  return ReadRoster(result[0]);
}

std::vector<Roster> RostersFrom(pg::Tx& tx, uint64_t number) {
  std::vector<Roster> rosters;
  for (const auto& row : tx.Run(kRostersFrom, number)) rosters.push_back(ReadRoster(row));
  return rosters;
}

void InsertGrant(pg::Tx& tx, const JoinGrant& g, base::Instant now) {
  tx.Run(kInsertGrant, g.digest, g.site, g.statement, g.not_after, now);
}

std::optional<JoinGrant> GetGrant(pg::Tx& tx, std::string_view digest) {
  const pqxx::result result = tx.Run(kGetGrant, digest);
  if (result.empty()) return std::nullopt;
  return JoinGrant{result[0][0].as<std::string>(), result[0][1].as<std::string>(), result[0][2].as<std::string>(),
                   pg::ReadInstant(result[0][3])};
}

bool UseGrant(pg::Tx& tx, std::string_view digest, std::string_view agent) {
  return tx.Run(kUseGrant, digest, agent).affected_rows() > 0;
}

void PutAgent(pg::Tx& tx, const Agent& a, base::Instant now) {
  tx.Run(kPutAgent, a.id, a.site, a.identity, a.grant, a.identity_key, a.tls_spki, a.certificate_expires, now);
}

std::optional<Agent> GetAgent(pg::Tx& tx, std::string_view id) {
  const pqxx::result result = tx.Run(kGetAgent, id);
  if (result.empty()) return std::nullopt;
  return ReadAgent(result[0]);
}

std::vector<Agent> ListAgents(pg::Tx& tx, std::string_view site) {
  std::vector<Agent> agents;
  for (const pqxx::row& row : tx.Run(kListAgents, site)) agents.push_back(ReadAgent(row));
  return agents;
}

bool AdvanceSession(pg::Tx& tx, std::string_view id, int64_t counter, std::string_view version,
                    const std::vector<std::string>& volumes, base::Instant now) {
  return tx.Run(kAdvanceSession, id, counter, version, volumes, now).affected_rows() > 0;
}

void SetCertificateExpiry(pg::Tx& tx, std::string_view id, base::Instant expires) { tx.Run(kSetExpiry, id, expires); }

void PutRelay(pg::Tx& tx, const Relay& r, base::Instant now) {
  tx.Run(kPutRelay, r.id, r.site, r.spki, r.address_lan, r.address_wan, r.statement, now);
}

std::vector<Relay> ListRelays(pg::Tx& tx, std::string_view site) {
  std::vector<Relay> relays;
  for (const pqxx::row& row : tx.Run(kListRelays, site)) {
    relays.push_back({row[0].as<std::string>(), row[1].as<std::string>(), row[2].as<std::string>(),
                      row[3].as<std::string>(), row[4].as<std::string>(), row[5].as<std::string>()});
  }
  return relays;
}

void PutRelayKeys(pg::Tx& tx, std::string_view site, uint64_t number, std::string_view bundle, base::Instant now) {
  tx.Run(kPutRelayKeys, site, number, bundle, now);
}

std::optional<RelayKeys> LatestRelayKeys(pg::Tx& tx, std::string_view site) {
  const pqxx::result result = tx.Run(kLatestRelayKeys, site);
  if (result.empty()) return std::nullopt;
  return RelayKeys{result[0][0].as<uint64_t>(), result[0][1].as<std::string>()};
}

uint64_t DenyKey(pg::Tx& tx, std::string_view spki, std::string_view reason, std::string_view actor,
                 base::Instant now) {
  return tx.Run(kDeny, spki, reason, actor, now)[0][0].as<uint64_t>();
}

std::vector<DeniedKey> DeniedKeys(pg::Tx& tx) {
  std::vector<DeniedKey> keys;
  for (const pqxx::row& row : tx.Run(kDenied)) {
    keys.push_back({row[0].as<std::string>(), row[1].as<uint64_t>(), row[2].as<std::string>()});
  }
  return keys;
}

void InsertToken(pg::Tx& tx, const ApiToken& t) {
  tx.Run(kInsertToken, t.id, t.hash, t.subject, t.roles, t.client, t.expires);
}

std::optional<ApiToken> TokenOfHash(pg::Tx& tx, std::string_view hash) {
  const pqxx::result result = tx.Run(kTokenOfHash, hash);
  if (result.empty()) return std::nullopt;
  return ReadToken(result[0]);
}

std::vector<ApiToken> ListTokens(pg::Tx& tx) {
  std::vector<ApiToken> tokens;
  for (const pqxx::row& row : tx.Run(kListTokens)) tokens.push_back(ReadToken(row));
  return tokens;
}

bool RevokeToken(pg::Tx& tx, std::string_view id, base::Instant now) {
  return tx.Run(kRevokeToken, id, now).affected_rows() > 0;
}

std::optional<Request> FindRequest(pg::Tx& tx, std::string_view subject, std::string_view request_id) {
  const pqxx::result result = tx.Run(kRecall, subject, request_id);
  if (result.empty()) return std::nullopt;
  return Request{result[0][0].as<std::string>(), result[0][1].as<std::string>()};
}

bool RememberRequest(pg::Tx& tx, std::string_view subject, std::string_view request_id, const Request& request,
                     base::Instant now) {
  return tx.Run(kRemember, subject, request_id, request.method, request.resource, now).affected_rows() > 0;
}

void ForgetRequestsBefore(pg::Tx& tx, base::Instant before) { tx.Run(kForget, before); }

}  // namespace crossdock::orchestrator::store
