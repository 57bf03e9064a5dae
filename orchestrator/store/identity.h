// Who belongs: rosters, grants, agents, relays, denied keys, API tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

struct Roster {
  uint64_t number = 0;
  std::string body;
  std::string statement;
};
void InsertRoster(pg::Tx& tx, const Roster& roster, base::Instant now);
// The one with the highest number.
std::optional<Roster> LatestRoster(pg::Tx& tx);
// Those with this number and above, oldest first.
std::vector<Roster> RostersFrom(pg::Tx& tx, uint64_t number);

struct JoinGrant {
  std::string digest;  // SHA-256 of the signed text, lower hex
  std::string site;
  std::string statement;
  base::Instant not_after;
};
void InsertGrant(pg::Tx& tx, const JoinGrant& grant, base::Instant now);
std::optional<JoinGrant> GetGrant(pg::Tx& tx, std::string_view digest);
// Marks the grant used by `agent`. True also when the same agent used it before: enrolling again after a lost answer
// is the same enrolment. False when another did.
bool UseGrant(pg::Tx& tx, std::string_view digest, std::string_view agent);

struct Agent {
  std::string id;
  std::string site;
  std::string identity;  // signed statements
  std::string grant;
  std::string identity_key;  // lower hex
  std::string tls_spki;      // lower hex
  int64_t session_counter = 0;
  std::string version;
  std::vector<std::string> volumes;
  std::optional<base::Instant> certificate_expires;
  std::optional<base::Instant> last_report;
};
// Inserts, or replaces one of the same id.
void PutAgent(pg::Tx& tx, const Agent& agent, base::Instant now);
std::optional<Agent> GetAgent(pg::Tx& tx, std::string_view id);
std::vector<Agent> ListAgents(pg::Tx& tx, std::string_view site);  // empty: all
// False when `counter` is not above the one seen last: a clone, or a restored host.
bool AdvanceSession(pg::Tx& tx, std::string_view id, int64_t counter, std::string_view version,
                    const std::vector<std::string>& volumes, base::Instant now);
void SetCertificateExpiry(pg::Tx& tx, std::string_view id, base::Instant expires);

struct Relay {
  std::string id;
  std::string site;
  std::string spki;  // lower hex
  std::string address_lan;
  std::string address_wan;
  std::string statement;
};
void PutRelay(pg::Tx& tx, const Relay& relay, base::Instant now);
std::vector<Relay> ListRelays(pg::Tx& tx, std::string_view site);  // empty: all

void PutRelayKeys(pg::Tx& tx, std::string_view site, uint64_t number, std::string_view bundle, base::Instant now);
struct RelayKeys {
  uint64_t number = 0;
  std::string bundle;
};
std::optional<RelayKeys> LatestRelayKeys(pg::Tx& tx, std::string_view site);

struct DeniedKey {
  std::string spki;
  uint64_t number = 0;
  std::string reason;
};
// Gives the number of the list that holds it. Denying twice is denying once.
uint64_t DenyKey(pg::Tx& tx, std::string_view spki, std::string_view reason, std::string_view actor, base::Instant now);
std::vector<DeniedKey> DeniedKeys(pg::Tx& tx);

struct ApiToken {
  std::string id;
  std::string hash;  // SHA-256 of the secret, lower hex
  std::string subject;
  std::vector<std::string> roles;
  std::string client;  // empty: every client
  base::Instant expires;
  bool revoked = false;
};
void InsertToken(pg::Tx& tx, const ApiToken& token);
std::optional<ApiToken> TokenOfHash(pg::Tx& tx, std::string_view hash);
std::vector<ApiToken> ListTokens(pg::Tx& tx);
bool RevokeToken(pg::Tx& tx, std::string_view id, base::Instant now);

// A mutating call that was made: what it was and what it worked on.
struct Request {
  std::string method;
  std::string resource;
  bool operator==(const Request&) const = default;
};
// The one that `subject` made with this request_id.
std::optional<Request> FindRequest(pg::Tx& tx, std::string_view subject, std::string_view request_id);
// False when there is one already.
bool RememberRequest(pg::Tx& tx, std::string_view subject, std::string_view request_id, const Request& request,
                     base::Instant now);
void ForgetRequestsBefore(pg::Tx& tx, base::Instant before);

}  // namespace crossdock::orchestrator::store
