// The versions of policies through their lives, what happened to them, and candidates that run in the shadow.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/pg/tx.h"
#include "orchestrator/core/policy_life.h"

namespace crossdock::orchestrator::store {

struct PolicyVersion {
  std::string scope;
  std::string digest;
  VersionState state = VersionState::kProposed;
  std::string author;
  base::Instant proposed;
  std::string against;                 // digest in force when it was proposed; empty: none
  std::string difference_json = "{}";  // lib/policy's exact difference from that one
  std::vector<std::string> accepted;   // findings of lint
  uint64_t number = 0;                 // of the last signature; 0: none
  std::string statement;
  std::string officer;
};
// Everything that changes versions of one scope goes one after the other, until the transaction ends.
void LockScope(pg::Tx& tx, std::string_view scope);
// Puts it in place of what was known of this version.
void PutVersion(pg::Tx& tx, const PolicyVersion& version);
std::optional<PolicyVersion> GetVersion(pg::Tx& tx, std::string_view scope, std::string_view digest);
// All of a scope, the last proposed first.
std::vector<PolicyVersion> ListVersions(pg::Tx& tx, std::string_view scope, int limit);

struct PolicyEvent {
  int64_t id = 0;
  std::string scope;
  std::string digest;
  base::Instant at;
  std::string actor;
  VersionCause cause = VersionCause::kProposed;
  VersionState state = VersionState::kProposed;  // afterwards
  uint64_t number = 0;
  std::string detail;
};
void AddPolicyEvent(pg::Tx& tx, const PolicyEvent& event);
struct PolicyEventRow {
  PolicyEvent event;  // but for cause and state:
  std::string cause, state;
};
// The last first.
std::vector<PolicyEventRow> PolicyEvents(pg::Tx& tx, std::string_view scope, int limit);
// The digest that was in force at an instant.
std::optional<std::string> InForceAt(pg::Tx& tx, std::string_view scope, base::Instant at);

struct Shadow {
  std::string scope;
  std::string digest;
  std::string text;
  std::string author;
  base::Instant started;
  std::vector<std::string> calendars = {};  // as in store::Policy
};
// In place of the scope's last, with all that was kept of that.
void PutShadow(pg::Tx& tx, const Shadow& shadow);
// False when there is none.
bool DropShadow(pg::Tx& tx, std::string_view scope);
std::optional<Shadow> GetShadow(pg::Tx& tx, std::string_view scope);

struct ShadowDifference {
  std::string scope;
  std::string digest;
  int64_t decision = 0;
  std::string kind;  // policy::ProspectName
  std::string before, after;
  std::string why;
  base::Instant at;
  std::string transfer;  // when read
};
// Once a decision and verdict.
void KeepShadowDifference(pg::Tx& tx, const ShadowDifference& difference);
struct ShadowCount {
  std::string kind;
  int64_t count = 0;
};
std::vector<ShadowCount> CountShadowDifferences(pg::Tx& tx, std::string_view scope);
// The last of each kind, `limit` a kind.
std::vector<ShadowDifference> ShadowExamples(pg::Tx& tx, std::string_view scope, int limit);
// Decisions of the client's since `since`.
int64_t CountDecisions(pg::Tx& tx, std::string_view client, base::Instant since);

}  // namespace crossdock::orchestrator::store
