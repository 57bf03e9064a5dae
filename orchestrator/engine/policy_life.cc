#include "orchestrator/engine/policy_life.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/clearance/registry.h"
#include "lib/policy/diff.h"
#include "lib/policy/diff_document.h"
#include "lib/policy/lint.h"
#include "lib/policy/parse.h"
#include "lib/policy/run_tests.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/verify_roster.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/decide.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/engine/scope.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/rules.h"

namespace crossdock::orchestrator::engine {
namespace {

// Regions that are kept with a proposal; the counts are of all.
constexpr size_t kRegionsKept = 1'000;

// A version, what it says, and what it would take the place of.
struct Subject {
  store::PolicyVersion version;
  policy::Policy policy;
  std::optional<store::Policy> in_force;
};

std::string KeyOfPolicy(const policy::Policy& policy) { return policy::ScopeKey(policy.scope()); }

absl::Status Unknown(std::string_view scope, std::string_view digest) {
  return base::WithReason(base::NotFound("no policy of '", base::PercentEscape(scope), "' with digest ",
                                         base::PercentEscape(digest), " was proposed; propose it first"),
                          "POLICY_UNKNOWN");
}

absl::StatusOr<Subject> Read(pg::Tx& tx, std::string_view scope, std::string_view digest) {
  store::LockScope(tx, scope);
  Subject subject;
  const std::string key = KeyOf(scope);
  std::optional<store::PolicyVersion> version = store::GetVersion(tx, scope, digest);
  const std::optional<store::Policy> row = store::GetPolicy(tx, key, digest);
  if (!version || !row) return Unknown(scope, digest);
  subject.version = *std::move(version);
  ASSIGN_OR_RETURN(subject.policy, policy::Parse(row->text, "policy", row->calendars));
  subject.in_force = store::ActivePolicy(tx, key);
  return subject;
}

PolicyName NameOf(const policy::Policy& policy) { return {KeyOfPolicy(policy), policy.digest, policy.title}; }

// Writes a move with its event and its audit row. POLICY_STATE_CONFLICT when it is not legal.
absl::Status Move(pg::Tx& tx, store::PolicyVersion& version, VersionCause cause, std::string_view actor,
                  std::string_view detail, base::Instant now) {
  const std::optional<VersionState> to = Next(version.state, cause);
  if (!to) {
    return base::WithReason(
        base::FailedPrecondition("version ", version.digest, " of ", version.scope, " is ", Name(version.state),
                                 " and cannot be ", Name(cause),
                                 version.state == VersionState::kStale
                                     ? ": another came into force meanwhile; propose it again to see what it changes"
                                     : ""),
        "POLICY_STATE_CONFLICT");
  }
  version.state = *to;
  store::PutVersion(tx, version);
  store::AddPolicyEvent(
      tx, {0, version.scope, version.digest, now, std::string(actor), cause, *to, version.number, std::string(detail)});
  nlohmann::json facts{{"scope", version.scope}, {"digest", version.digest}};
  if (version.number > 0) facts["number"] = version.number;
  if (!version.officer.empty()) facts["officer"] = version.officer;
  if (!detail.empty()) facts["detail"] = detail;
  store::Audit(tx, {0, now, ClientOf(version.scope), std::string(actor), base::StrCat("policy.", Name(cause)), "", "ok",
                    facts.dump()});
  return absl::OkStatus();
}

// What keeps it from being proposed, and what lint says that the author answers for.
absl::StatusOr<std::vector<std::string>> Check(const policy::Policy& policy, const policy::Registry* registry,
                                               const std::vector<std::string>& accepted, base::Instant now) {
  std::vector<std::string> failed, findings, unaccepted;
  for (const policy::TestResult& result : policy::RunTests(policy))
    if (!result.passed) failed.push_back(base::StrCat("'", result.name, "': ", result.difference));
  if (!failed.empty()) {
    return base::WithReason(base::InvalidArgument("tests of the policy fail: ", absl::StrJoin(failed, "; ")),
                            "POLICY_TESTS_FAIL");
  }
  for (const policy::Finding& finding : policy::Lint(policy, registry, now)) {
    const bool answered = std::find(accepted.begin(), accepted.end(), finding.code) != accepted.end();
    (answered ? findings : unaccepted).push_back(policy::FormatFinding(policy, finding));
  }
  if (unaccepted.empty()) return findings;
  return base::WithReason(base::InvalidArgument("lint finds what somebody must mend or answer for (--accept CODE): ",
                                                absl::StrJoin(unaccepted, "; ")),
                          "POLICY_NOT_CLEAN");
}

absl::StatusOr<std::string> DifferenceJson(const std::optional<store::Policy>& before, const policy::Policy& after,
                                           base::Instant now) {
  if (!before) return std::string("{}");
  ASSIGN_OR_RETURN(const policy::Policy old, policy::Parse(before->text, "policy in force", before->calendars));
  ASSIGN_OR_RETURN(const policy::Difference difference, policy::Diff(old, after, now));
  return policy::DiffDocument(old, after, difference, kRegionsKept).dump();
}

// Keeps the officer's signature with the version. Gives why one signature is enough.
absl::StatusOr<Basis> Sign(pg::Tx& tx, Subject& subject, std::string_view activation, base::Instant now) {
  ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
  std::optional<trust::Seen> seen;
  if (subject.in_force) seen = trust::Seen{subject.in_force->number, subject.in_force->digest};
  ASSIGN_OR_RETURN(
      const trust::PolicyActivation said,
      trust::VerifyPolicyActivation(activation, roster, KeyOfPolicy(subject.policy), subject.policy.digest, seen, now));
  Approving approving;
  approving.account = subject.version.author;
  approving.author = roster.PersonOfSubject(approving.account).value_or("");
  approving.officer = roster.FindPerson(said.officer).value_or(said.officer);
  approving.first = !subject.in_force;
  approving.sole_officer = roster.officers().size() == 1;
  approving.rollback = subject.version.state == VersionState::kReplaced;
  approving.stops = LetsNothingThrough(subject.policy);
  if (approving.rollback && subject.in_force) {
    ASSIGN_OR_RETURN(const policy::Policy before,
                     policy::Parse(subject.in_force->text, "policy in force", subject.in_force->calendars));
    approving.tightens = OnlyTightens(before, subject.policy, now);
  }
  ASSIGN_OR_RETURN(const Basis basis, WhoseWord(approving));
  subject.version.number = said.number;
  subject.version.statement = activation;
  subject.version.officer = said.officer;
  return basis;
}

// In force from now on; what was, and what was on its way, is not.
absl::Status PutInForce(pg::Tx& tx, Subject& subject, VersionCause cause, std::string_view actor,
                        std::string_view detail, base::Instant now) {
  store::PolicyVersion& version = subject.version;
  if (subject.in_force && version.number <= subject.in_force->number) {
    return base::WithReason(base::FailedPrecondition("number ", version.number, " of ", version.scope,
                                                     " is used; sign a higher one than ", subject.in_force->number),
                            "POLICY_NUMBER_USED");
  }
  for (store::PolicyVersion& other : store::ListVersions(tx, version.scope, 10'000)) {
    if (other.digest == version.digest) continue;
    const bool replaced = other.state == VersionState::kInForce;
    const VersionCause end = replaced ? VersionCause::kReplaced : VersionCause::kOvertaken;
    if (Next(other.state, end)) RETURN_IF_ERROR(Move(tx, other, end, actor, "", now));
  }
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(version.statement));
  ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::PolicyActivation>(statement.statement()));
  store::Policy row;
  row.client = KeyOfPolicy(subject.policy);
  row.digest = version.digest;
  row.number = version.number;
  row.statement = version.statement;
  row.officer = version.officer;
  row.activated = said.activated;
  store::ActivatePolicy(tx, row);
  return Move(tx, version, cause, actor, detail, now);
}

std::string SignedBy(const store::PolicyVersion& version, Basis basis) {
  return base::StrCat("signed by ", version.officer, " (", Name(basis), ")");
}

absl::Status DecideAgainBy(const Context& context, const policy::Policy& policy, std::string_view actor) {
  return ReconsiderAll(context, policy.client, actor,
                       LetsNothingThrough(policy) ? "POLICY_REVOKED" : "POLICY_ACTIVATED");
}

}  // namespace

absl::StatusOr<policy::Policy> ReadWhole(const PolicyText& text) {
  ASSIGN_OR_RETURN(policy::Policy policy, policy::Parse(text.yaml, "policy.yaml", text.calendars));
  for (const policy::Policy::NamedCalendar& named : policy.calendars) {
    const policy::Calendar& calendar = *named.calendar.calendar;
    if (calendar.known) continue;
    return base::WithReason(base::InvalidArgument("calendar ", calendar.name, " of the policy is the file ",
                                                  calendar.file, " with SHA-256 ", calendar.digest,
                                                  ", which did not come along; hand it in with the policy"),
                            "CALENDAR_MISSING");
  }
  return policy;
}

std::vector<std::string> CalendarsOf(const policy::Policy& policy, const PolicyText& text) {
  std::vector<std::string> named;
  for (const std::string& bytes : text.calendars) {
    const std::string digest = base::ToHex(base::Sha256(bytes));
    const bool wanted =
        std::any_of(policy.calendars.begin(), policy.calendars.end(), [&](const policy::Policy::NamedCalendar& each) {
          return !each.calendar.calendar->file.empty() && each.calendar.calendar->digest == digest;
        });
    if (wanted) named.push_back(bytes);
  }
  return named;
}

bool LetsNothingThrough(const policy::Policy& policy) {
  return std::any_of(policy.rules.begin(), policy.rules.end(), [&](const policy::Rule& rule) {
    const bool stops = rule.effect == policy::Effect::kForbid || rule.effect == policy::Effect::kHold;
    // What an emergency lifts stops not everything.
    return stops && rule.when.empty() && !rule.until && (rule.absolute || !policy.break_glass);
  });
}

bool OnlyTightens(const policy::Policy& before, const policy::Policy& after, base::Instant now) {
  // What is compared is both in force; one that is not yet stops everything.
  if (before.valid_from > now) return false;
  // What breaking the glass would let through is not compared (policy/diff.h).
  if (after.break_glass) return false;
  const absl::StatusOr<policy::Difference> difference = policy::Diff(before, after, now);
  if (!difference.ok() || !difference->complete || !difference->asked_before.empty()) return false;
  return std::all_of(difference->regions.begin(), difference->regions.end(),
                     [](const policy::Region& region) { return region.change == policy::Change::kStronger; });
}

absl::StatusOr<ProposedPolicy> ProposePolicy(const Context& context, const PolicyText& text,
                                             const std::vector<std::string>& accepted, bool validate_only,
                                             std::string_view actor) {
  ASSIGN_OR_RETURN(const policy::Policy policy, ReadWhole(text));
  const base::Instant now = context.clock.Now();
  const std::string scope = ScopeOf(policy);
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<ProposedPolicy> {
    store::LockScope(tx, scope);
    std::optional<policy::Registry> registry;
    if (store::LatestRoster(tx)) {
      ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
      registry = clearance::RegistryOf(roster);
      registry->recipients = context.recipients;
    }
    ProposedPolicy proposed{NameOf(policy), "{}", {}};
    ASSIGN_OR_RETURN(proposed.findings, Check(policy, registry ? &*registry : nullptr, accepted, now));
    const std::optional<store::Policy> in_force = store::ActivePolicy(tx, KeyOfPolicy(policy));
    ASSIGN_OR_RETURN(proposed.difference_json, DifferenceJson(in_force, policy, now));
    if (validate_only) return proposed;
    store::Policy row;
    row.client = KeyOfPolicy(policy);
    row.digest = policy.digest;
    row.title = policy.title;
    row.text = text.yaml;
    row.calendars = CalendarsOf(policy, text);
    row.author = actor;
    row.proposed = now;
    store::InsertPolicy(tx, row);
    std::optional<store::PolicyVersion> known = store::GetVersion(tx, scope, policy.digest);
    if (known && !Next(known->state, VersionCause::kProposed)) return proposed;  // it is on its way, or in force
    store::PolicyVersion version;
    version.scope = scope;
    version.digest = policy.digest;
    version.author = actor;
    version.proposed = now;
    version.against = in_force ? in_force->digest : "";
    version.difference_json = proposed.difference_json;
    version.accepted = accepted;
    // A new one has no state before its first.
    version.state = known ? known->state : VersionState::kWithdrawn;
    RETURN_IF_ERROR(Move(tx, version, VersionCause::kProposed, actor, policy.title, now));
    return proposed;
  });
}

absl::StatusOr<PolicyName> ApprovePolicy(const Context& context, std::string_view activation, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(activation));
  ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::PolicyActivation>(statement.statement()));
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<PolicyName> {
    ASSIGN_OR_RETURN(Subject subject, Read(tx, ScopeOfKey(said.client), said.digest));
    if (subject.version.state == VersionState::kApproved && subject.version.statement == activation)
      return NameOf(subject.policy);
    ASSIGN_OR_RETURN(const Basis basis, Sign(tx, subject, activation, now));
    RETURN_IF_ERROR(Move(tx, subject.version, VersionCause::kApproved, actor, SignedBy(subject.version, basis), now));
    return NameOf(subject.policy);
  });
}

absl::StatusOr<PolicyName> ActivateApproved(const Context& context, std::string_view scope, std::string_view digest,
                                            std::string_view actor) {
  const base::Instant now = context.clock.Now();
  std::optional<policy::Policy> activated;
  const auto name = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<PolicyName> {
    activated.reset();
    ASSIGN_OR_RETURN(Subject subject, Read(tx, scope, digest));
    if (subject.version.state == VersionState::kInForce) return NameOf(subject.policy);
    if (!Next(subject.version.state, VersionCause::kActivated)) {
      return base::WithReason(base::FailedPrecondition("version ", digest, " is ", Name(subject.version.state),
                                                       "; an officer approves it first: crossdock policy approve"),
                              "POLICY_STATE_CONFLICT");
    }
    // The officer may have left, and the roster changed, since they signed.
    ASSIGN_OR_RETURN(const Basis basis, Sign(tx, subject, std::string(subject.version.statement), now));
    RETURN_IF_ERROR(PutInForce(tx, subject, VersionCause::kActivated, actor, SignedBy(subject.version, basis), now));
    activated = subject.policy;
    return NameOf(subject.policy);
  });
  RETURN_IF_ERROR(name.status());
  if (activated) RETURN_IF_ERROR(DecideAgainBy(context, *activated, actor));
  return name;
}

absl::StatusOr<PolicyName> ActivatePolicy(const Context& context, std::string_view activation, std::string_view actor) {
  const base::Instant now = context.clock.Now();
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, trust::SignedStatement::Parse(activation));
  ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::PolicyActivation>(statement.statement()));
  std::optional<policy::Policy> activated;
  const auto name = context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<PolicyName> {
    activated.reset();
    ASSIGN_OR_RETURN(Subject subject, Read(tx, ScopeOfKey(said.client), said.digest));
    // The same activation again.
    if (subject.version.state == VersionState::kInForce && subject.version.number == said.number)
      return NameOf(subject.policy);
    ASSIGN_OR_RETURN(const Basis basis, Sign(tx, subject, activation, now));
    const std::string detail = SignedBy(subject.version, basis);
    VersionCause cause = VersionCause::kActivated;
    if (subject.version.state == VersionState::kReplaced) {
      cause = VersionCause::kRolledBack;
    } else if (subject.version.state != VersionState::kApproved) {
      RETURN_IF_ERROR(Move(tx, subject.version, VersionCause::kApproved, actor, detail, now));
    }
    RETURN_IF_ERROR(PutInForce(tx, subject, cause, actor, detail, now));
    activated = subject.policy;
    return NameOf(subject.policy);
  });
  RETURN_IF_ERROR(name.status());
  if (activated) RETURN_IF_ERROR(DecideAgainBy(context, *activated, actor));
  return name;
}

absl::StatusOr<PolicyName> WithdrawPolicy(const Context& context, std::string_view scope, std::string_view digest,
                                          std::string_view actor) {
  const base::Instant now = context.clock.Now();
  return context.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<PolicyName> {
    ASSIGN_OR_RETURN(Subject subject, Read(tx, scope, digest));
    if (subject.version.state == VersionState::kWithdrawn) return NameOf(subject.policy);
    RETURN_IF_ERROR(Move(tx, subject.version, VersionCause::kWithdrawn, actor, "", now));
    return NameOf(subject.policy);
  });
}

}  // namespace crossdock::orchestrator::engine
