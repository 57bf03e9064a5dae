#include "orchestrator/engine/rules.h"

#include <algorithm>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/trust/credential.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/verify_roster.h"
#include "nlohmann/json.hpp"
#include "orchestrator/core/trigger.h"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/requests.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::engine {
namespace {

void AuditAdmin(pg::Tx& tx, std::string_view client, std::string_view actor, std::string_view action,
                const nlohmann::json& detail, base::Instant now) {
  store::Audit(tx, {0, now, std::string(client), std::string(actor), std::string(action), "", "ok", detail.dump()});
}

}  // namespace

absl::StatusOr<trust::Roster> CurrentRoster(pg::Tx& tx) {
  const std::optional<store::Roster> row = store::LatestRoster(tx);
  if (!row) {
    return base::WithReason(base::FailedPrecondition("there is no roster yet; set one with `crossdock roster set`"),
                            "ROSTER_MISSING");
  }
  // It was verified when it came in.
  return trust::Roster::Parse(row->body, "roster");
}

absl::StatusOr<uint64_t> SetRoster(const Context& context, std::string_view pinned_root, std::string_view body,
                                   std::string_view statement, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  const auto number = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<uint64_t> {
    std::optional<trust::Roster> held;
    if (const std::optional<store::Roster> row = store::LatestRoster(tx)) {
      ASSIGN_OR_RETURN(held, trust::Roster::Parse(row->body, "roster"));
    }
    ASSIGN_OR_RETURN(const trust::Roster roster,
                     trust::VerifyRoster(body, statement, {held ? &*held : nullptr, pinned_root}, now));
    if (held && roster.number() == held->number()) return roster.number();
    store::InsertRoster(tx, {roster.number(), std::string(body), std::string(statement)}, now);
    AuditAdmin(tx, "", actor, "roster.set", {{"number", roster.number()}, {"body_sha256", roster.body_sha256()}}, now);
    return roster.number();
  });
  RETURN_IF_ERROR(number.status());
  RETURN_IF_ERROR(ReconsiderAll(context, "", actor, "ROSTER_CHANGED"));
  for (const AgentView& agent : context.online()) context.wakes.WakeAgent(agent.id);
  return number;
}

absl::StatusOr<store::TriggerSet> ApplyTriggers(const Context& context, std::string_view name, std::string_view text,
                                                bool validate_only, std::string_view actor) {
  if (name.empty() || name.size() > 64) return base::InvalidArgument("a set of triggers needs a name of 1 to 64 bytes");
  ASSIGN_OR_RETURN(const std::vector<Trigger> triggers, ParseTriggers(text, name));
  const base::Instant now = context.clock.Now();
  store::TriggerSet set{std::string(name), std::string(text), {}, std::string(actor), now};
  for (const Trigger& trigger : triggers) set.names.push_back(trigger.id);
  const auto applied = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<store::TriggerSet> {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    for (const Trigger& trigger : triggers) {
      std::vector<std::string> sites = trigger.to;
      sites.push_back(trigger.from);
      for (const std::string& site : sites) {
        if (roster.FindSite(site) != nullptr) continue;
        return base::WithReason(base::InvalidArgument("trigger '", trigger.id, "' names the site '", site,
                                                      "', which the roster does not have"),
                                "SITE_UNKNOWN");
      }
    }
    for (const store::TriggerSet& other : store::ListTriggerSets(tx)) {
      if (other.name == name) continue;
      for (const std::string& id : set.names) {
        if (std::find(other.names.begin(), other.names.end(), id) == other.names.end()) continue;
        return base::AlreadyExists("trigger '", id, "' is in the set '", other.name, "' already");
      }
    }
    if (validate_only) return set;
    store::PutTriggerSet(tx, set);
    AuditAdmin(tx, "", actor, "triggers.applied", {{"set", name}, {"triggers", set.names}}, now);
    return set;
  });
  return applied;
}

absl::StatusOr<std::string> AddRelay(const Context& context, std::string_view statement, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    ASSIGN_OR_RETURN(const trust::RelayStatement relay, trust::VerifyRelay(statement, roster, now));
    store::PutRelay(
        tx, {relay.relay, relay.site, relay.spki, relay.address_lan, relay.address_wan, std::string(statement)}, now);
    AuditAdmin(tx, "", actor, "relay.added", {{"relay", relay.relay}, {"site", relay.site}, {"spki", relay.spki}}, now);
    return relay.relay;
  });
}

absl::Status SetRelayKeys(const Context& context, std::string_view site, std::string_view bundle,
                          std::string_view actor) {
  const base::Instant now = context.clock.Now();
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(bundle));
  ASSIGN_OR_RETURN(const trust::RelayKeys keys, trust::Decode<trust::RelayKeys>(statement.statement()));
  if (keys.ticket_key != context.ticket_key.Public()) {
    return base::WithReason(
        base::InvalidArgument("the bundle names ", keys.ticket_key.ToText(),
                              " as ticket key, but tickets are signed by ", context.ticket_key.Public().ToText()),
        "TICKET_KEY_MISMATCH");
  }
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    absl::Status last =
        base::WithReason(base::NotFound("the roster has no site admin for site '", site, "'"), "SITE_ADMIN_UNKNOWN");
    for (const trust::SiteAdmin& admin : roster.site_admins()) {
      if (std::find(admin.sites.begin(), admin.sites.end(), site) == admin.sites.end()) continue;
      const std::optional<store::RelayKeys> held = store::LatestRelayKeys(tx, site);
      const auto verified = trust::VerifyRelayKeys(bundle, admin.key, held ? held->number : 0, now);
      last = verified.status();
      if (!last.ok()) continue;
      if (held && held->number == keys.number) return absl::OkStatus();
      store::PutRelayKeys(tx, site, keys.number, bundle, now);
      AuditAdmin(tx, "", actor, "relay_keys.set", {{"site", site}, {"number", keys.number}}, now);
      return absl::OkStatus();
    }
    return last;
  });
}

absl::StatusOr<std::string> RelayDenyBundle(const Context& context, pg::Tx& tx, base::Instant now) {
  trust::RelayDeny deny;
  deny.issued = now;
  for (const store::DeniedKey& key : store::DeniedKeys(tx)) {
    deny.number = std::max(deny.number, key.number);
    deny.deny.push_back(key.spki);
  }
  // Number 0 is the empty list that everybody starts with.
  ASSIGN_OR_RETURN(const std::string statement, trust::Encode(deny));
  return trust::SignedStatement::Sign(statement, context.ticket_key).Format();
}

absl::StatusOr<std::string> RegisterGrant(const Context& context, std::string_view grant, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    ASSIGN_OR_RETURN(const trust::JoinGrant said, trust::VerifyJoinGrant(grant, roster));
    RETURN_IF_ERROR(trust::CheckGrantTime(said, now));
    const std::string digest = base::ToHex(base::Sha256(grant));
    store::InsertGrant(tx, {digest, said.site, std::string(grant), said.not_after}, now);
    AuditAdmin(tx, "", actor, "join_grant.registered", {{"site", said.site}, {"site_admin", said.site_admin}}, now);
    return digest;
  });
}

absl::StatusOr<uint64_t> DenyKey(const Context& context, std::string_view spki, std::string_view reason,
                                 std::string_view actor) {
  if (spki.size() != 2 * base::kSha256Size || !base::FromHex(spki).ok()) {
    return base::WithReason(base::InvalidArgument("a key is named by its SPKI digest: 64 lower-case hex digits"),
                            "KEY_MALFORMED");
  }
  const base::Instant now = context.clock.Now();
  const auto number = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<uint64_t> {
    const uint64_t denied = store::DenyKey(tx, spki, reason, actor, now);
    AuditAdmin(tx, "", actor, "key.denied", {{"spki", spki}, {"reason", reason}}, now);
    return denied;
  });
  for (const AgentView& agent : context.online()) context.wakes.WakeAgent(agent.id);
  return number;
}

absl::Status SetLink(const Context& context, const store::Link& link, const Actor& actor) {
  if (link.concurrency < 0 || link.concurrency > 1000 || link.bytes_per_second_max < 0) {
    return base::InvalidArgument("a link carries 0 to 1000 transfers at once, and its cap is not negative");
  }
  const base::Instant now = context.clock.Now();
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    for (const std::string& site : {link.source_site, link.destination_site}) {
      if (roster.FindSite(site) == nullptr)
        return base::WithReason(base::NotFound("the roster has no site '", site, "'"), "SITE_UNKNOWN");
    }
    ASSIGN_OR_RETURN(const bool repeat,
                     IsRepeat(tx, actor, "SetLink", link.source_site + ">" + link.destination_site, now));
    if (repeat) return absl::OkStatus();
    store::PutLink(tx, link);
    AuditAdmin(tx, "", actor.subject, "link.set",
               {{"from", link.source_site},
                {"to", link.destination_site},
                {"concurrency", link.concurrency},
                {"bytes_per_second_max", link.bytes_per_second_max},
                {"held", link.held_reason}},
               now);
    return absl::OkStatus();
  }));
  context.wakes.Wake(Duty::kPlan);
  // What runs over it hears of the new cap now.
  for (const AgentView& agent : context.online()) {
    if (agent.site == link.source_site) context.wakes.WakeAgent(agent.id);
  }
  return absl::OkStatus();
}

}  // namespace crossdock::orchestrator::engine
