// The roster: the officers' signed list of who belongs where. The orchestrator hands it around; it cannot widen it.
//
// A body in strict YAML and a signed statement over its digest. Parse reads a body; only VerifyRoster
// (verify_roster.h) makes one believable, and every other verifier takes a roster that was verified.
// Immutable after Parse; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"

namespace crossdock::trust {

// How far two honest clocks may be apart.
inline constexpr std::chrono::seconds kClockTolerance{30};

struct Officer {
  std::string name;
  base::PublicKey key;
};

struct SiteAdmin {
  std::string name;
  base::PublicKey key;
  std::vector<std::string> sites;
  // What the admin signs from then on is not believed; what was signed before stays. How an admin leaves without taking
  // the agents along. For a stolen key, deny it instead: a thief writes any date.
  std::optional<base::Instant> until;
};

struct Certification {
  std::string id;
  std::string valid_until;  // the day, YYYY-MM-DD, as written
  base::Instant ends;       // the end of that day, UTC
};

struct Site {
  std::string id;
  std::string country;  // ISO 3166, two capital letters
  std::string zone;     // time zone of the tz database; empty: not said
  std::vector<Certification> certifications;

  // The ids of those that are valid at `now`, sorted.
  std::vector<std::string> CertificationsAt(base::Instant now) const;
};

struct Approver {
  std::string person;
  std::string name;
  std::string team;
  std::string organisation;
  std::vector<std::string> groups;
  std::vector<base::PublicKey> keys;
};

// An account at an identity provider. Both are compared as they are written: to a provider, case may matter.
struct SignIn {
  std::string issuer;  // exactly the token's `iss`, https://…
  std::string user;    // what the provider calls them
};

// One person, under all names: so that two names of one are not two persons.
struct Person {
  std::string person;              // what this roster calls them, as an approver too
  std::vector<std::string> names;  // as an officer, a site admin, in a certificate, in the asset database
  std::vector<SignIn> sign_ins;
};

// How an account is written where a person's name would stand: "user:https://id.studio.example#ana".
std::string SubjectOf(const SignIn& account);

// What lies below a prefix of a volume belongs to this client and project, and is at least this confidential.
struct PathRule {
  std::string volume;
  std::string prefix;  // raw bytes, ends in '/'; empty for the whole volume
  std::string client;
  std::string project;
  std::string classification;
};

// What the path map says of one path.
struct MappedPath {
  std::string client;
  std::string project;
  std::string classification;  // the floor: of the longest prefix, or of a stricter rule below the path
};

// The place of `classification` in public < internal < confidential < restricted < secret, or -1.
int ClassificationRank(std::string_view classification);

class Roster {
 public:
  // `file` is only for complaints, which carry ROSTER_INVALID or YAML_INVALID.
  static absl::StatusOr<Roster> Parse(std::string_view body, std::string_view file);

  uint64_t number() const { return number_; }
  base::Instant expires() const { return expires_; }
  const std::string& trust_domain() const { return trust_domain_; }
  size_t threshold() const { return threshold_; }
  const std::vector<Officer>& officers() const { return officers_; }
  const std::vector<SiteAdmin>& site_admins() const { return site_admins_; }
  const std::vector<Site>& sites() const { return sites_; }
  const std::vector<Approver>& approvers() const { return approvers_; }
  const std::vector<Person>& people() const { return people_; }
  const std::vector<PathRule>& paths() const { return paths_; }
  const std::set<std::string>& denied() const { return denied_; }
  // SHA-256 of the body, lower hex.
  const std::string& body_sha256() const { return body_sha256_; }

  // SHA-256, lower hex, of the officers' keys and the threshold: what a newcomer pins. It survives every change but one
  // of the officers.
  std::string Root() const;

  // ROSTER_EXPIRED from `expires` on.
  absl::Status CheckFresh(base::Instant now) const;

  // Null when unknown.
  const Site* FindSite(std::string_view id) const;
  const Officer* FindOfficer(std::string_view name) const;
  const Approver* FindApprover(std::string_view person) const;
  // The approver who holds the key with this id.
  struct ApproverKey {
    const Approver* approver;
    base::PublicKey key;
  };
  std::optional<ApproverKey> FindApproverKey(std::string_view key_id) const;

  // Whom a name means, whatever its case: the person of whom it is one, or else the officer, approver or site admin of
  // that name; nothing for everybody else.
  std::optional<std::string> FindPerson(std::string_view name) const;
  // Whom a caller's name means: "user:olga" as FindPerson does, "user:ISSUER#USER" by its sign-in. Nothing for an
  // account that is tied to nobody here, and for what is no person: tokens, triggers, agents.
  std::optional<std::string> PersonOfSubject(std::string_view subject) const;

  // The admin, when they may speak for `site` in something signed at `signed_at`. SITE_UNKNOWN, SITE_ADMIN_UNKNOWN or
  // KEY_DENIED otherwise.
  absl::StatusOr<const SiteAdmin*> FindSiteAdmin(std::string_view name, std::string_view site,
                                                 base::Instant signed_at) const;

  // KEY_DENIED when the officers no longer trust it. `what` names the holder in the sentence.
  absl::Status CheckNotDenied(const base::PublicKey& key, std::string_view what) const;
  absl::Status CheckSpkiNotDenied(std::string_view spki, std::string_view what) const;

  // What the path map says of everything at and below `path` (relative, raw bytes) on `volume`. PATH_NOT_MAPPED when no
  // prefix covers it or it is not a clean relative path, PATH_SPANS_CLIENTS when part of it is another client's or
  // project's.
  absl::StatusOr<MappedPath> MapPath(std::string_view volume, std::string_view path) const;

 private:
  friend class RosterReader;

  uint64_t number_ = 0;
  base::Instant expires_;
  std::string trust_domain_;
  size_t threshold_ = 0;
  std::vector<Officer> officers_;
  std::vector<SiteAdmin> site_admins_;
  std::vector<Site> sites_;
  std::vector<Approver> approvers_;
  std::vector<Person> people_;
  std::map<std::string, std::string> persons_;   // every name, in lower case → whom it means
  std::map<std::string, std::string> accounts_;  // SubjectOf → whose
  std::vector<PathRule> paths_;
  std::set<std::string> denied_;  // SPKI digests and key ids
  std::string body_sha256_;
};

}  // namespace crossdock::trust
