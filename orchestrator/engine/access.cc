#include "orchestrator/engine/access.h"

#include <algorithm>

#include "lib/base/status.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/evidence.h"

namespace crossdock::orchestrator::engine {
namespace {

constexpr size_t kReasonMax = 500;

void AuditGrant(pg::Tx& tx, const RoleGrant& grant, std::string_view actor, std::string_view action,
                nlohmann::json detail, base::Instant now) {
  detail.update({{"grant", grant.id}, {"person", grant.person}, {"role", grant.role}});
  store::Audit(tx, {0, now, grant.client, std::string(actor), std::string(action), "", "ok", detail.dump()});
}

absl::Status NeedPerson(const AccessActor& actor) {
  if (!actor.person.empty()) return absl::OkStatus();
  return base::WithReason(base::FailedPrecondition(
                              "'", actor.subject, "' is no person of the roster, and this takes one: ask the officers ",
                              "to say whose account it is (crossdock roster add-person)"),
                          "PERSON_NEEDED");
}

absl::StatusOr<std::string> PersonOf(const trust::Roster& roster, std::string_view name) {
  if (const std::optional<std::string> person = roster.FindPerson(name)) return *person;
  return base::WithReason(base::NotFound("the roster knows no person '", base::PercentEscape(name),
                                         "'; an officer adds them: crossdock roster add-person"),
                          "PERSON_UNKNOWN");
}

absl::Status CheckEnd(base::Instant ends, base::Instant now, std::chrono::hours longest, std::string_view what,
                      std::string_view reason) {
  if (ends > now && ends <= now + longest) return absl::OkStatus();
  return base::WithReason(
      base::InvalidArgument(what, " ends in the future, and within ", longest.count() / 24, " days"), reason);
}

absl::Status CheckReason(std::string_view reason) {
  if (reason.size() <= kReasonMax) return absl::OkStatus();
  return base::WithReason(base::InvalidArgument("a reason has at most ", kReasonMax, " bytes"), "REQUEST_TOO_LARGE");
}

absl::StatusOr<store::AccessReview> FindReview(pg::Tx& tx, std::string_view id) {
  std::optional<store::AccessReview> review = id.empty() ? store::OpenAccessReview(tx) : store::GetAccessReview(tx, id);
  if (review) return *std::move(review);
  if (id.empty()) {
    return base::WithReason(base::FailedPrecondition("no access review is open"), "ACCESS_REVIEW_CLOSED");
  }
  return base::WithReason(base::NotFound("there is no access review '", base::PercentEscape(id), "'"),
                          "ACCESS_REVIEW_UNKNOWN");
}

absl::Status CheckOpen(const store::AccessReview& review, base::Instant now) {
  if (!review.closed && now < review.ends) return absl::OkStatus();
  return base::WithReason(base::FailedPrecondition("access review '", review.id, "' ended at ",
                                                   base::FormatSeconds(review.closed ? *review.closed : review.ends)),
                          "ACCESS_REVIEW_CLOSED");
}

// Whom the review asks about `grant`.
absl::StatusOr<std::string> ReviewerOf(const trust::Roster& roster, const RoleGrant& grant, const std::string& wanted,
                                       const AccessActor& actor) {
  for (const std::string& each : {wanted, grant.granted_by, actor.person}) {
    if (each.empty() || each == grant.person) continue;
    if (const std::optional<std::string> person = roster.FindPerson(each); person && *person != grant.person)
      return *person;
  }
  return base::WithReason(
      base::FailedPrecondition("nobody can review grant '", grant.id, "': '", grant.person,
                               "' holds it, and who gave it has left; name somebody else with --reviewer"),
      "REVIEWER_MISSING");
}

// Writes down at `at` what ended then.
void Close(pg::Tx& tx, const store::AccessReview& review, std::string_view actor, base::Instant at, base::Instant now) {
  int attested = 0, suspended = 0;
  for (const store::AccessReviewEntry& entry : store::AccessReviewEntries(tx, review.id)) {
    if (entry.decision == "attested") ++attested;
    if (!entry.decision.empty()) continue;
    store::DecideAccess(tx, review.id, entry.grant.id, "suspended", actor, "nobody attested it", now);
    // What was over before needs no further end.
    if (at >= entry.grant.expires || !store::EndRoleGrant(tx, entry.grant.id, "suspended", actor, at)) continue;
    ++suspended;
    AuditGrant(tx, entry.grant, actor, "role.suspended",
               {{"review", review.id}, {"reviewer", entry.reviewer}, {"why", "nobody attested it"}}, now);
  }
  store::CloseAccessReview(tx, review.id, actor, at);
  store::Audit(tx, {0, now, "", std::string(actor), "access_review.closed", "", "ok",
                    nlohmann::json({{"review", review.id}, {"attested", attested}, {"suspended", suspended}}).dump()});
}

}  // namespace

absl::StatusOr<RoleGrant> GrantRole(const Access& access, const WantedGrant& wanted, const ConfiguredRoles& configured,
                                    const AccessActor& actor) {
  const base::Instant now = access.clock.Now();
  RETURN_IF_ERROR(NeedPerson(actor));
  RETURN_IF_ERROR(CheckReason(wanted.reason));
  RETURN_IF_ERROR(CheckEnd(wanted.expires, now, kRoleGrantMax, "a role", "ROLE_GRANT_TIME"));
  return access.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<RoleGrant> {
    store::LockRoleGrants(tx);
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    ASSIGN_OR_RETURN(const std::string person, PersonOf(roster, wanted.person));
    if (person == actor.person) {
      return base::WithReason(
          base::PermissionDenied("nobody gives a role to themselves: ask another identity-admin to"),
          "TWO_PERSONS_NEEDED");
    }
    const HeldRole role{wanted.role, wanted.client};
    std::vector<HeldRole> held = configured(roster, person);
    for (const RoleGrant& grant : store::OpenRoleGrants(tx, person, now)) {
      if (StateOf(grant, now) != GrantState::kLive) continue;
      if (grant.role == role.role && grant.client == role.client) {
        return base::WithReason(
            base::AlreadyExists("'", person, "' holds that until ", base::FormatSeconds(grant.expires), " by grant '",
                                grant.id, "'; to change its end, revoke it first"),
            "ROLE_GRANT_EXISTS");
      }
      held.push_back({grant.role, grant.client});
    }
    RETURN_IF_ERROR(CheckExclusions(person, role, held));
    if (store::OpenRoleGrants(tx, "", now).size() >= kRoleGrantsMax) {
      return base::WithReason(base::ResourceExhausted("there are ", kRoleGrantsMax, " grants: revoke some"),
                              "ROLE_GRANTS_TOO_MANY");
    }
    RoleGrant grant;
    grant.id = base::NewId(access.random, "g");
    grant.person = person;
    grant.role = wanted.role;
    grant.client = wanted.client;
    grant.reason = wanted.reason;
    grant.granted_by = actor.person;
    grant.granted = now;
    grant.expires = wanted.expires;
    store::InsertRoleGrant(tx, grant);
    AuditGrant(tx, grant, actor.subject, "role.granted",
               {{"expires", base::FormatSeconds(grant.expires)}, {"reason", grant.reason}}, now);
    return grant;
  });
}

absl::StatusOr<RoleGrant> RevokeRole(const Access& access, std::string_view id, std::string_view reason,
                                     const AccessActor& actor) {
  const base::Instant now = access.clock.Now();
  RETURN_IF_ERROR(CheckReason(reason));
  return access.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<RoleGrant> {
    store::LockRoleGrants(tx);
    const std::optional<RoleGrant> grant = store::GetRoleGrant(tx, id);
    if (!grant) {
      return base::WithReason(base::NotFound("there is no grant '", base::PercentEscape(id), "'"),
                              "ROLE_GRANT_UNKNOWN");
    }
    if (StateOf(*grant, now) != GrantState::kLive) return *grant;
    store::EndRoleGrant(tx, id, "revoked", actor.subject, now);
    AuditGrant(tx, *grant, actor.subject, "role.revoked", {{"reason", reason}}, now);
    return *store::GetRoleGrant(tx, id);
  });
}

absl::StatusOr<store::AccessReview> OpenReview(const Access& access, base::Instant ends, std::string_view reviewer,
                                               const AccessActor& actor) {
  const base::Instant now = access.clock.Now();
  RETURN_IF_ERROR(NeedPerson(actor));
  RETURN_IF_ERROR(CheckEnd(ends, now, kAccessReviewMax, "a review", "ACCESS_REVIEW_TIME"));
  return access.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<store::AccessReview> {
    store::LockRoleGrants(tx);
    if (const std::optional<store::AccessReview> open = store::OpenAccessReview(tx)) {
      if (now < open->ends) {
        return base::WithReason(base::FailedPrecondition("access review '", open->id, "' is open until ",
                                                         base::FormatSeconds(open->ends), "; close it first"),
                                "ACCESS_REVIEW_OPEN");
      }
      Close(tx, *open, "orchestrator", open->ends, now);
    }
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    std::string wanted;
    if (!reviewer.empty()) {
      ASSIGN_OR_RETURN(wanted, PersonOf(roster, reviewer));
    }
    const store::AccessReview review{base::NewId(access.random, "ar"), now, actor.person, ends, std::nullopt, ""};
    store::InsertAccessReview(tx, review);
    int grants = 0;
    for (const RoleGrant& grant : store::OpenRoleGrants(tx, "", now)) {
      ASSIGN_OR_RETURN(const std::string asked, ReviewerOf(roster, grant, wanted, actor));
      store::InsertAccessReviewEntry(tx, review.id, grant.id, asked);
      ++grants;
    }
    store::Audit(
        tx, {0, now, "", actor.subject, "access_review.opened", "", "ok",
             nlohmann::json({{"review", review.id}, {"ends", base::FormatSeconds(ends)}, {"grants", grants}}).dump()});
    return review;
  });
}

absl::Status DecideAccess(const Access& access, std::string_view id, std::string_view grant, bool attest,
                          std::string_view note, const AccessActor& actor) {
  const base::Instant now = access.clock.Now();
  RETURN_IF_ERROR(NeedPerson(actor));
  RETURN_IF_ERROR(CheckReason(note));
  return access.database.Transact([&](pg::Tx& tx) -> absl::Status {
    store::LockRoleGrants(tx);
    ASSIGN_OR_RETURN(const store::AccessReview review, FindReview(tx, id));
    RETURN_IF_ERROR(CheckOpen(review, now));
    const std::vector<store::AccessReviewEntry> entries = store::AccessReviewEntries(tx, review.id);
    const auto entry = std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.grant.id == grant; });
    if (entry == entries.end()) {
      return base::WithReason(
          base::NotFound("access review '", review.id, "' asks about no grant '", base::PercentEscape(grant), "'"),
          "ACCESS_REVIEW_ENTRY_UNKNOWN");
    }
    if (entry->reviewer != actor.person) {
      return base::WithReason(
          base::PermissionDenied("grant '", grant, "' is ", entry->reviewer, "'s to review, not ", actor.person, "'s"),
          "REVIEWER_OTHER");
    }
    const bool live = StateOf(entry->grant, now) == GrantState::kLive;
    if (attest && !live) {
      return base::WithReason(base::FailedPrecondition("grant '", grant, "' is ", Name(StateOf(entry->grant, now)),
                                                       "; give the role anew where it is needed"),
                              "ROLE_GRANT_ENDED");
    }
    const std::string_view decision = attest ? "attested" : "suspended";
    if (entry->decision == decision) return absl::OkStatus();
    store::DecideAccess(tx, review.id, grant, decision, actor.subject, note, now);
    if (!attest) store::EndRoleGrant(tx, grant, "suspended", actor.subject, now);
    AuditGrant(tx, entry->grant, actor.subject, base::StrCat("role.", decision),
               {{"review", review.id}, {"reviewer", entry->reviewer}, {"why", note}}, now);
    return absl::OkStatus();
  });
}

absl::StatusOr<store::AccessReview> CloseReview(const Access& access, std::string_view id, const AccessActor& actor) {
  const base::Instant now = access.clock.Now();
  return access.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<store::AccessReview> {
    store::LockRoleGrants(tx);
    ASSIGN_OR_RETURN(const store::AccessReview review, FindReview(tx, id));
    RETURN_IF_ERROR(CheckOpen(review, now));
    Close(tx, review, actor.subject, now, now);
    return *store::GetAccessReview(tx, review.id);
  });
}

absl::Status CloseOverdueReview(pg::Database& database, base::Instant now) {
  return database.Transact([&](pg::Tx& tx) -> absl::Status {
    store::LockRoleGrants(tx);
    const std::optional<store::AccessReview> open = store::OpenAccessReview(tx);
    if (open && now >= open->ends) Close(tx, *open, "orchestrator", open->ends, now);
    return absl::OkStatus();
  });
}

}  // namespace crossdock::orchestrator::engine
