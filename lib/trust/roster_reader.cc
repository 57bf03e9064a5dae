// Reads a roster's body. The rules here are about the text alone; whether to believe it is verify_roster.cc's.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/roster.h"
#include "lib/trust/values.h"
#include "lib/yaml/parse.h"

namespace crossdock::trust {
namespace {

constexpr size_t kOfficersMax = 16;  // as many as may sign (kSignaturesMax)
constexpr size_t kEntriesMax = 10'000;

template <typename... Parts>
absl::Status Wrong(const yaml::Map& map, std::string_view key, const Parts&... parts) {
  return base::WithReason(map.Error(key, parts...), kRosterInvalid);
}

absl::StatusOr<std::string> ReadId(yaml::Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(std::string id, map.String(key, 64));
  if (!IsId(id)) return Wrong(map, key, "'", base::PercentEscape(id), "' is no id; use letters, digits, . _ - @");
  return id;
}

absl::StatusOr<std::vector<std::string>> ReadIds(yaml::Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(std::vector<std::string> ids, map.StringListOrEmpty(key));
  for (const std::string& id : ids) {
    if (!IsId(id)) return Wrong(map, key, "'", base::PercentEscape(id), "' is no id; use letters, digits, . _ - @");
  }
  return ids;
}

absl::StatusOr<base::Instant> ReadInstant(yaml::Map& map, std::string_view key) {
  ASSIGN_OR_RETURN(const std::string text, map.String(key, 64));
  const absl::StatusOr<base::Instant> instant = base::ParseInstant(text);
  if (!instant.ok() || base::FormatSeconds(*instant) != text) {
    return Wrong(map, key, "'", base::PercentEscape(text), "' is no time; write it as \"2027-11-20T00:00:00Z\"");
  }
  return *instant;
}

absl::StatusOr<std::string> ReadClassification(yaml::Map& map, std::string_view key) {
  return map.OneOf(key, {"public", "internal", "confidential", "restricted", "secret"});
}

}  // namespace

class RosterReader {
 public:
  absl::StatusOr<Roster> Read(std::string_view body, std::string_view file) {
    ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(body, file));
    roster_.body_sha256_ = base::ToHex(base::Sha256(body));
    RETURN_IF_ERROR(map.OneOf("schema", {"crossdock/roster/v1"}).status());
    ASSIGN_OR_RETURN(const int64_t number, map.Int("number", 1, 1'000'000'000));
    roster_.number_ = static_cast<uint64_t>(number);
    ASSIGN_OR_RETURN(roster_.expires_, ReadInstant(map, "expires"));
    ASSIGN_OR_RETURN(roster_.trust_domain_, map.String("trust_domain", 255));
    if (!IsAddress(roster_.trust_domain_ + ":1") || roster_.trust_domain_.starts_with('[')) {
      return Wrong(map, "trust_domain", "a trust domain looks like a host name: demo.studio");
    }
    RETURN_IF_ERROR(ReadOfficers(map));
    // Sites first: the admins' sites must exist.
    RETURN_IF_ERROR(ReadEach(map, "sites", &RosterReader::ReadSite));
    RETURN_IF_ERROR(ReadEach(map, "site_admins", &RosterReader::ReadSiteAdmin));
    RETURN_IF_ERROR(ReadEach(map, "approvers", &RosterReader::ReadApprover));
    RETURN_IF_ERROR(ReadEach(map, "people", &RosterReader::ReadPerson));
    NamePersons();
    RETURN_IF_ERROR(CheckCountedOnce(map));
    RETURN_IF_ERROR(ReadEach(map, "paths", &RosterReader::ReadPath));
    RETURN_IF_ERROR(ReadDenied(map));
    RETURN_IF_ERROR(map.Finish());
    return std::move(roster_);
  }

 private:
  using EntryReader = absl::Status (RosterReader::*)(yaml::Map&);

  absl::Status ReadEach(yaml::Map& map, std::string_view key, EntryReader read) {
    ASSIGN_OR_RETURN(std::vector<yaml::Map> entries, map.SubMapsOrEmpty(key));
    if (entries.size() > kEntriesMax) return Wrong(map, key, "more than ", kEntriesMax, " entries");
    for (yaml::Map& entry : entries) {
      RETURN_IF_ERROR((this->*read)(entry));
      RETURN_IF_ERROR(entry.Finish());
    }
    return absl::OkStatus();
  }

  absl::Status ReadOfficers(yaml::Map& map) {
    RETURN_IF_ERROR(ReadEach(map, "officers", &RosterReader::ReadOfficer));
    if (roster_.officers_.empty() || roster_.officers_.size() > kOfficersMax) {
      return Wrong(map, "officers", "a roster has 1 to ", kOfficersMax, " officers");
    }
    ASSIGN_OR_RETURN(const int64_t threshold, map.Int("threshold", 1, kOfficersMax));
    roster_.threshold_ = static_cast<size_t>(threshold);
    if (roster_.threshold_ > roster_.officers_.size()) {
      return Wrong(map, "threshold", "more signatures than the ", roster_.officers_.size(), " officers can give");
    }
    return absl::OkStatus();
  }

  absl::Status ReadOfficer(yaml::Map& map) {
    Officer officer;
    ASSIGN_OR_RETURN(officer.name, ReadId(map, "name"));
    RETURN_IF_ERROR(Once(map, "name", "officer", officer.name));
    ASSIGN_OR_RETURN(officer.key, ReadKey(map, "key"));
    roster_.officers_.push_back(std::move(officer));
    return absl::OkStatus();
  }

  absl::Status ReadSite(yaml::Map& map) {
    Site site;
    ASSIGN_OR_RETURN(site.id, ReadId(map, "id"));
    RETURN_IF_ERROR(Once(map, "id", "site", site.id));
    ASSIGN_OR_RETURN(site.country, map.String("country", 64));
    if (site.country.size() != 2 ||
        !std::all_of(site.country.begin(), site.country.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
      return Wrong(map, "country", "a country is two capital letters of ISO 3166: GB, CA");
    }
    ASSIGN_OR_RETURN(site.zone, map.StringOr("zone", "", 64));
    if (!site.zone.empty() && !base::IsZoneName(site.zone)) {
      return Wrong(map, "zone", "a zone is a name of the tz database: Europe/London, America/Vancouver, UTC");
    }
    ASSIGN_OR_RETURN(std::vector<yaml::Map> certifications, map.SubMapsOrEmpty("certifications"));
    for (yaml::Map& entry : certifications) {
      ASSIGN_OR_RETURN(Certification certification, ReadCertification(entry));
      RETURN_IF_ERROR(Once(entry, "id", "certification", base::StrCat(site.id, "/", certification.id)));
      site.certifications.push_back(std::move(certification));
    }
    roster_.sites_.push_back(std::move(site));
    return absl::OkStatus();
  }

  absl::StatusOr<Certification> ReadCertification(yaml::Map& map) {
    Certification certification;
    ASSIGN_OR_RETURN(certification.id, ReadId(map, "id"));
    ASSIGN_OR_RETURN(certification.valid_until, map.String("valid_until", 64));
    const absl::StatusOr<base::Instant> day = base::ParseInstant(certification.valid_until + "T00:00:00Z");
    if (!day.ok() || base::FormatSeconds(*day).substr(0, 10) != certification.valid_until) {
      return Wrong(map, "valid_until", "a day is written \"2027-06-30\"; the certification holds to its end, UTC");
    }
    certification.ends = *day + std::chrono::days(1);
    RETURN_IF_ERROR(map.Finish());
    return certification;
  }

  absl::Status ReadSiteAdmin(yaml::Map& map) {
    SiteAdmin admin;
    ASSIGN_OR_RETURN(admin.name, ReadId(map, "name"));
    RETURN_IF_ERROR(Once(map, "name", "site admin", admin.name));
    ASSIGN_OR_RETURN(admin.key, ReadKey(map, "key"));
    ASSIGN_OR_RETURN(admin.sites, ReadIds(map, "sites"));
    for (const std::string& site : admin.sites) {
      if (roster_.FindSite(site) == nullptr) return Wrong(map, "sites", "no site '", site, "' in this roster");
    }
    if (map.Has("until")) {
      ASSIGN_OR_RETURN(admin.until, ReadInstant(map, "until"));
    }
    roster_.site_admins_.push_back(std::move(admin));
    return absl::OkStatus();
  }

  absl::Status ReadApprover(yaml::Map& map) {
    Approver approver;
    ASSIGN_OR_RETURN(approver.person, ReadId(map, "person"));
    RETURN_IF_ERROR(Once(map, "person", "approver", approver.person));
    ASSIGN_OR_RETURN(approver.name, map.StringOr("name", approver.person, 256));
    ASSIGN_OR_RETURN(approver.team, ReadId(map, "team"));
    ASSIGN_OR_RETURN(approver.organisation, ReadId(map, "organisation"));
    ASSIGN_OR_RETURN(approver.groups, ReadIds(map, "groups"));
    ASSIGN_OR_RETURN(const std::vector<std::string> keys, map.StringList("keys"));
    for (const std::string& text : keys) {
      ASSIGN_OR_RETURN(const base::PublicKey key, TakeKey(map, "keys", text));
      approver.keys.push_back(key);
    }
    roster_.approvers_.push_back(std::move(approver));
    return absl::OkStatus();
  }

  absl::Status ReadPerson(yaml::Map& map) {
    Person person;
    ASSIGN_OR_RETURN(person.person, ReadId(map, "person"));
    RETURN_IF_ERROR(Once(map, "person", "name of a person", absl::AsciiStrToLower(base::ToAbsl(person.person))));
    ASSIGN_OR_RETURN(person.names, map.StringListOrEmpty("names"));
    for (const std::string& name : person.names) {
      if (!IsText(name)) return Wrong(map, "names", "a name has 1 to 256 bytes");
      RETURN_IF_ERROR(Once(map, "names", "name of a person", absl::AsciiStrToLower(base::ToAbsl(name))));
    }
    ASSIGN_OR_RETURN(std::vector<yaml::Map> accounts, map.SubMapsOrEmpty("sign_in"));
    for (yaml::Map& entry : accounts) {
      SignIn account;
      ASSIGN_OR_RETURN(account.issuer, entry.String("issuer", 1024));
      // '#' ends it where the two are written as one.
      if (!account.issuer.starts_with("https://") || account.issuer.find('#') != std::string::npos) {
        return Wrong(entry, "issuer", "an https:// address without '#' is expected, as the provider's tokens have it");
      }
      ASSIGN_OR_RETURN(account.user, entry.String("user", 256));
      if (!IsText(account.user)) return Wrong(entry, "user", "a user has 1 to 256 bytes");
      // Some providers tell users apart by case and some do not: those that differ in it alone are never two persons.
      RETURN_IF_ERROR(Once(entry, "user", "account", absl::AsciiStrToLower(base::ToAbsl(SubjectOf(account)))));
      RETURN_IF_ERROR(entry.Finish());
      person.sign_ins.push_back(std::move(account));
    }
    roster_.people_.push_back(std::move(person));
    return absl::OkStatus();
  }

  // Who is in `people` goes first: an officer's name may be one of theirs.
  void NamePersons() {
    const auto name = [&](std::string_view is, const std::string& person) {
      roster_.persons_.emplace(absl::AsciiStrToLower(base::ToAbsl(is)), person);
    };
    for (const Person& each : roster_.people_) {
      name(each.person, each.person);
      for (const std::string& other : each.names) name(other, each.person);
      for (const SignIn& account : each.sign_ins) roster_.accounts_.emplace(SubjectOf(account), each.person);
    }
    for (const Approver& each : roster_.approvers_) name(each.person, each.person);
    for (const Officer& each : roster_.officers_) name(each.name, each.name);
    for (const SiteAdmin& each : roster_.site_admins_) name(each.name, each.name);
  }

  // Nobody counts as two officers or as two approvers, under whatever names; and approvals carry the person's own.
  absl::Status CheckCountedOnce(const yaml::Map& map) {
    std::set<std::string> officers;
    for (const Officer& each : roster_.officers_) {
      if (officers.insert(*roster_.FindPerson(each.name)).second) continue;
      return Wrong(map, "officers", "officer '", each.name, "' is '", *roster_.FindPerson(each.name),
                   "', who is an officer already under another name");
    }
    std::set<std::string> approvers;
    for (const Approver& each : roster_.approvers_) {
      const std::string person = *roster_.FindPerson(each.person);
      if (person != each.person) {
        return Wrong(map, "approvers", "approver '", each.person, "' is '", person,
                     "': an approver stands under the person's own name");
      }
      if (!approvers.insert(person).second) return Wrong(map, "approvers", "'", person, "' is an approver twice");
    }
    return absl::OkStatus();
  }

  absl::Status ReadPath(yaml::Map& map) {
    PathRule rule;
    ASSIGN_OR_RETURN(rule.volume, ReadId(map, "volume"));
    ASSIGN_OR_RETURN(rule.prefix, map.String("prefix"));
    if (rule.prefix == "/") {
      rule.prefix.clear();
    } else if (rule.prefix.starts_with('/') || !rule.prefix.ends_with('/') || HasUncleanName(rule.prefix)) {
      return Wrong(map, "prefix", "a prefix is relative and ends in '/', such as \"northlight/\"; \"/\" is the whole ",
                   "volume");
    }
    RETURN_IF_ERROR(Once(map, "prefix", "path", base::StrCat(rule.volume, ":", rule.prefix)));
    ASSIGN_OR_RETURN(rule.client, ReadId(map, "client"));
    ASSIGN_OR_RETURN(rule.project, ReadId(map, "project"));
    ASSIGN_OR_RETURN(rule.classification, ReadClassification(map, "classification"));
    roster_.paths_.push_back(std::move(rule));
    return absl::OkStatus();
  }

  static bool HasUncleanName(std::string_view prefix) {
    const std::string rooted = base::StrCat("/", prefix);
    for (const std::string_view unclean : {"//", "/./", "/../"}) {
      if (rooted.find(unclean) != std::string::npos) return true;
    }
    return false;
  }

  absl::Status ReadDenied(yaml::Map& map) {
    ASSIGN_OR_RETURN(const std::vector<std::string> denied, map.StringListOrEmpty("denied"));
    for (const std::string& entry : denied) {
      if (!IsDigest(entry) && !(entry.size() == 16 && IsNonce(entry))) {
        return Wrong(map, "denied", "'", base::PercentEscape(entry),
                     "' is neither a key id (16 hex digits) nor an SPKI digest (64)");
      }
      roster_.denied_.insert(entry);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<base::PublicKey> ReadKey(yaml::Map& map, std::string_view key) {
    ASSIGN_OR_RETURN(const std::string text, map.String(key, 128));
    return TakeKey(map, key, text);
  }

  // One key, one holder, one role: otherwise one person could count as two.
  absl::StatusOr<base::PublicKey> TakeKey(const yaml::Map& map, std::string_view key, std::string_view text) {
    const absl::StatusOr<base::PublicKey> read = base::PublicKey::FromText(text);
    if (!read.ok()) return Wrong(map, key, read.status().message());
    RETURN_IF_ERROR(Once(map, key, "key", read->ToText()));
    return *read;
  }

  absl::Status Once(const yaml::Map& map, std::string_view key, std::string_view what, std::string_view value) {
    if (seen_.insert(base::StrCat(what, " ", value)).second) return absl::OkStatus();
    return Wrong(map, key, "the ", what, " '", base::PercentEscape(value), "' stands in this roster twice");
  }

  Roster roster_;
  std::set<std::string> seen_;
};

absl::StatusOr<Roster> Roster::Parse(std::string_view body, std::string_view file) {
  return RosterReader().Read(body, file);
}

}  // namespace crossdock::trust
