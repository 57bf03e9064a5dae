// What people have decided in advance: policies, triggers, links.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"

namespace crossdock::orchestrator::store {

struct Policy {
  std::string client;  // whose: a policy::ScopeKey, so also `studio:all` and `show:CLIENT/SHOW`
  std::string digest;
  std::string title;
  std::string text;  // YAML
  std::string author;
  base::Instant proposed;
  std::vector<std::string> calendars = {};  // bytes of the files that it names by digest, as far as they are there
  // Of its newest activation; 0 and empty when it was never activated.
  uint64_t number = 0;
  std::string statement;  // signed crossdock/policy/v1
  std::string officer;
  std::optional<base::Instant> activated;
  bool active = false;
};
// Keeps calendar files under the SHA-256 of their bytes, and gives those. Keeping them again is harmless.
std::vector<std::string> KeepCalendars(pg::Tx& tx, const std::vector<std::string>& files, base::Instant now);
// Of a column that holds them as hex.
std::vector<std::string> ReadCalendars(const pqxx::field& field);
// Proposing the same content again is harmless. Its calendars are kept with it, from `proposed` on.
void InsertPolicy(pg::Tx& tx, const Policy& policy);
// Fails with a unique violation when the number was used; the caller has checked that it is the highest.
void ActivatePolicy(pg::Tx& tx, const Policy& policy);
std::optional<Policy> ActivePolicy(pg::Tx& tx, std::string_view client);
// The signed activations in force, one a scope, in the order of their scopes; at most `limit`.
std::vector<std::string> ActivationsInForce(pg::Tx& tx, int limit);
std::optional<Policy> GetPolicy(pg::Tx& tx, std::string_view client, std::string_view digest);
// `client` empty: all; a client's are those of its shows too. After (after_client, after_digest).
std::vector<Policy> ListPolicies(pg::Tx& tx, std::string_view client, std::string_view after_client,
                                 std::string_view after_digest, int limit);

struct TriggerSet {
  std::string name;
  std::string text;  // YAML
  std::vector<std::string> names;
  std::string author;
  base::Instant applied;
};
void PutTriggerSet(pg::Tx& tx, const TriggerSet& set);
std::vector<TriggerSet> ListTriggerSets(pg::Tx& tx);

struct Link {
  std::string source_site;
  std::string destination_site;
  int concurrency = 4;
  int64_t bytes_per_second_max = 0;  // 0: no cap
  std::string held_reason;
};
void PutLink(pg::Tx& tx, const Link& link);
std::vector<Link> ListLinks(pg::Tx& tx);

}  // namespace crossdock::orchestrator::store
