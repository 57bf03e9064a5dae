// A client's policy as it was parsed: plain structs, no behaviour. Written by Parse (parse.h), read by everything else.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "lib/base/clock.h"
#include "lib/policy/fact.h"
#include "lib/policy/window.h"

namespace crossdock::policy {

// Where something stands in the file, from 1.
struct Place {
  int line = 0;
  int column = 0;
};

enum class Operator { kIn, kNotIn, kAnyOf, kHas, kAtMost, kAtLeast };
std::string_view OperatorName(Operator op);

// One condition of a rule: `destination.country: {in: [CA, GB]}`.
struct Clause {
  const FactSpec* fact = nullptr;
  Operator op = Operator::kIn;
  std::vector<std::string> words;  // kIn, kNotIn, kAnyOf, kHas (one): sorted, unique, never empty
  int64_t limit = 0;               // kAtMost, kAtLeast: bytes, a count, or a classification's rank
  Place place;
};

// A point of time as the officer wrote it. `instant` is nothing when this machine does not know the zone.
struct Deadline {
  std::string at;    // RFC 3339 when `zone` is empty, else civil time: 2026-12-01T00:00:00
  std::string zone;  // IANA: America/Los_Angeles
  std::optional<Instant> instant;
};

enum class Distinct { kPerson, kTeam, kOrganisation };  // each implies those before it
enum class Exclude { kRequester, kAssetPublisher };
enum class Bind { kListing, kContent, kSource, kDestination, kPolicy };
enum class VerifyLevel { kTransit, kLanded, kReadback };  // ascending
std::string_view ExcludeName(Exclude exclude);
std::string_view BindName(Bind bind);
std::string_view DistinctName(Distinct distinct);
std::string_view VerifyName(VerifyLevel level);

// Whom a requirement takes: `group:show-production`; also team:, organisation:, person:.
struct ApproverSet {
  enum class Kind { kGroup, kTeam, kOrganisation, kPerson };
  Kind kind = Kind::kGroup;
  std::string name;
  auto operator<=>(const ApproverSet&) const = default;
};
std::string ApproverSetName(const ApproverSet& set);

// One id has one meaning (count, from) in the whole file.
struct Requirement {
  std::string id;
  int count = 1;
  std::vector<ApproverSet> from;  // sorted; a member of any of them may approve
  Place place;
};

struct Approvals {
  std::vector<Requirement> all_of;
  Distinct distinct = Distinct::kPerson;
  std::set<Exclude> exclude;
  std::chrono::milliseconds valid_for{};
  std::set<Bind> bind;
  // While they are open: after so long everybody whom the transfer's obligations have told is told again, and after so
  // long these are told too. Nothing is approved by either.
  std::optional<std::chrono::milliseconds> remind_after = {};
  std::optional<std::chrono::milliseconds> escalate_after = {};
  std::set<std::string> escalate_to = {};  // recipients, as in Obligations::notify; empty: without escalate_after
};

struct Require {
  std::optional<Approvals> approvals;  // nothing: `approvals: none`
  VerifyLevel verify = VerifyLevel::kLanded;
  bool encrypt_in_motion = false;  // `encryption: {in_motion: aes-256}`, which every transfer has anyway
  std::optional<Window> window;    // outside of which it is held
};

// What a matched rule wants done besides. Of several the strictest counts.
struct Obligations {
  std::optional<std::chrono::milliseconds> delete_staging_within;  // after the transfer ended or last moved
  bool scan = false;                                               // the source site's own scan, before anything leaves
  bool mhl = false;                      // an integrity record at the destination, or no transfer
  std::set<std::string> record_formats;  // in it, besides XXH128: "c4", "md5", "sha1"
  std::optional<VerifyLevel> verify;
  std::set<std::string> notify;  // recipients, "client:northlight/security-desk", "studio/data-operations"
  bool operator==(const Obligations&) const = default;
};
void Unite(const Obligations& more, Obligations& all);

enum class Effect { kForbid, kHold, kAllow, kRequire };
std::string_view EffectName(Effect effect);

struct Rule {
  std::string id;
  Effect effect = Effect::kForbid;
  bool absolute = false;  // of kForbid
  std::string title;
  std::string reason;  // of kForbid and kHold
  std::optional<Deadline> until;
  std::vector<Clause> when;        // all must hold; empty: always
  std::optional<Require> require;  // of kAllow and kRequire, always there
  Obligations obligations;         // of kAllow and kRequire
  std::string replaces;            // of kAllow and kRequire: the rule that is not due where this one matches; or empty
  Place place;
};

// Of rules that match together, those whose requirements are due.
std::vector<const Rule*> WithoutReplaced(const std::vector<const Rule*>& matched);

// A person's signed word. The caller has verified signature, key, binding and times of the statement.
struct Approval {
  enum class Decision { kApprove, kDeny };
  std::string requirement;
  std::string person, team, organisation;
  std::vector<std::string> groups;
  Decision decision = Decision::kApprove;
  bool is_service = false;
  Instant given;  // the statement's not_before; valid_for counts from here
  // Whose place they take, by a delegation that the caller has verified; empty: their own. Team, organisation and
  // groups are then that person's.
  std::string in_place_of = {};
};

enum class Verdict { kAllow, kNeedsApprovals, kHold, kDeny };  // ascending strictness
std::string_view VerdictName(Verdict verdict);

// Who together may let one transfer through in an emergency: two persons, each a member of any of `from`.
struct BreakGlass {
  std::vector<ApproverSet> from;  // sorted, never empty
  std::set<std::string> notify;   // recipients that are told at once; never empty
  Place place;
};

// What a test expects.
struct Expected {
  Verdict verdict = Verdict::kAllow;
  std::string reason;          // of kHold and kDeny: a rule's id or a reason code
  std::set<std::string> open;  // of kNeedsApprovals: the ids of the open requirements
};

// A test that the file brings along, its facts already laid over the fixture's.
struct PolicyTest {
  std::string name;
  Facts facts;
  Instant now;
  std::vector<Approval> approvals;
  std::vector<Approval> unbound;  // of the approvals those that name no requirement, once each; their requirement is ""
  Expected expect;                // of the file alone; ids are its own
  // With the layers above, ids as decisions write them; nothing: what is expected of the file alone.
  std::optional<Expected> together;
  std::optional<VerifyLevel> expect_verify;
  Place place;
};

// Whose rules a file holds: the studio's, a client's, or those of one show of a client. Each is a layer; all that exist
// are asked, and each can only tighten what the others say.
struct Scope {
  enum class Level { kStudio, kClient, kShow };
  std::string client;  // empty: the studio's
  std::string show;    // empty: all shows of the client

  Level level() const { return client.empty() ? Level::kStudio : show.empty() ? Level::kClient : Level::kShow; }
  auto operator<=>(const Scope&) const = default;
};
// Under which a layer is activated, stored and remembered: `studio:all`, `northlight`, `show:northlight/aurora`.
std::string ScopeKey(const Scope& scope);
// In a sentence: "the studio", "client northlight", "show aurora of client northlight".
std::string ScopeName(const Scope& scope);
// What stands before the ids of its rules and requirements where several layers are asked: `studio/`, nothing, `show/`.
std::string_view ScopePrefix(const Scope& scope);
// Of a ScopeKey: the client whose it is; empty: the studio's.
std::string ClientOfScope(std::string_view key);
// No client's id can be this.
inline constexpr std::string_view kStudioKey = "studio:all";

struct Policy {
  std::string file;
  std::string client;  // empty: the studio's
  std::string show;    // empty: of all shows
  Scope scope() const { return {client, show}; }
  std::string id;
  std::string title;
  Instant valid_from;
  Instant review_by;  // exclusive: the end of the day that the file names
  Place review_place;
  struct NamedCalendar {
    CalendarRef calendar;
    Place place;
  };
  std::vector<NamedCalendar> calendars;
  std::optional<BreakGlass> break_glass;  // nothing: nobody lifts what these rules say
  std::vector<Rule> rules;
  std::vector<PolicyTest> tests;
  std::string digest;  // SHA-256 over the canonical form (canonical.h), lower hex
};
// The ids of all its requirements, sorted.
std::vector<std::string> RequirementsOf(const Policy& policy);

}  // namespace crossdock::policy
