#include "orchestrator/engine/shadow.h"

#include <optional>

#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decision_record.h"
#include "orchestrator/engine/policy_life.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/store/policy_life.h"

namespace crossdock::orchestrator::engine {
namespace {

void Audit(pg::Tx& tx, std::string_view scope, std::string_view actor, std::string_view action, std::string_view digest,
           base::Instant now) {
  store::Audit(tx, {0, now, ClientOf(scope), std::string(actor), std::string(action), "", "ok",
                    nlohmann::json({{"scope", scope}, {"digest", digest}}).dump()});
}

}  // namespace

absl::StatusOr<PolicyName> StartShadow(const Context& context, const PolicyText& text, std::string_view actor) {
  ASSIGN_OR_RETURN(const policy::Policy candidate, ReadWhole(text));
  const base::Instant now = context.clock.Now();
  const std::string scope = ScopeOf(candidate);
  RETURN_IF_ERROR(context.database.Transact([&](pg::Tx& tx) {
    store::LockScope(tx, scope);
    store::PutShadow(
        tx, {scope, candidate.digest, std::string(text.yaml), std::string(actor), now, CalendarsOf(candidate, text)});
    Audit(tx, scope, actor, "policy.shadowed", candidate.digest, now);
    return absl::OkStatus();
  }));
  return PolicyName{KeyOf(scope), candidate.digest, candidate.title};
}

absl::Status StopShadow(const Context& context, std::string_view scope, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::Status {
    store::LockScope(tx, scope);
    const std::optional<store::Shadow> shadow = store::GetShadow(tx, scope);
    if (!shadow) {
      return base::WithReason(base::NotFound("no candidate runs in the shadow of '", base::PercentEscape(scope), "'"),
                              "SHADOW_MISSING");
    }
    store::DropShadow(tx, scope);
    Audit(tx, scope, actor, "policy.shadow_ended", shadow->digest, now);
    return absl::OkStatus();
  });
}

void AskShadows(pg::Tx& tx, const Transfer& transfer, const store::Decision& decision, policy::ParsedPolicies* parsed) {
  policy::ParsedPolicies once;
  const Entity& entity = transfer.entity;
  const std::string scopes[] = {"studio", ScopeOfKey(entity.client),
                                base::StrCat("show:", entity.client, "/", entity.project)};
  std::optional<policy::StoredDecision> stored;
  for (const std::string& scope : scopes) {
    const std::optional<store::Shadow> shadow = store::GetShadow(tx, scope);
    if (!shadow) continue;
    if (!stored) {
      absl::StatusOr<policy::StoredDecision> read = ReadStored(decision);
      if (!read.ok()) return;
      stored = *std::move(read);
    }
    const auto candidate = (parsed == nullptr ? once : *parsed).Parse(shadow->text, shadow->calendars);
    if (!candidate.ok()) continue;
    const policy::Prospect prospect = policy::Foresee(*stored, scope, **candidate);
    if (prospect.kind == policy::Prospect::Kind::kSame) continue;
    const bool decided = prospect.kind != policy::Prospect::Kind::kUndecidable;
    store::KeepShadowDifference(
        tx, {scope, shadow->digest, decision.id, std::string(policy::ProspectName(prospect.kind)),
             std::string(policy::VerdictName(prospect.before)),
             decided ? std::string(policy::VerdictName(prospect.after)) : "", prospect.why, decision.at, ""});
  }
}

}  // namespace crossdock::orchestrator::engine
