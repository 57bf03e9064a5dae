// crossdock roster add-…|remove-…|end-admin|deny|remove-denied|extend: an officer's changes, without an editor.
//
// Each is one change of the file. Who signs it still reads it: nothing here is believed by anybody before `roster
// sign`.
#include <algorithm>
#include <istream>
#include <iterator>

#include "cli/roster_file.h"
#include "cli/roster_text.h"
#include "cli/verb.h"
#include "lib/base/digest.h"
#include "lib/trust/reasons.h"
#include "lib/yaml/parse.h"

namespace crossdock::cli {
namespace {

constexpr size_t kLineMax = 16u << 10;

struct Options {
  std::string file;
  std::string name;  // of whatever the verb is about
  std::string key;
  std::string country, zone;
  std::vector<std::string> certifications;
  std::vector<std::string> sites;
  std::vector<std::string> names, sign_ins;
  std::string prefix;
  std::string client;
  std::string project;
  std::string classification;
  std::string until;
  int days = 365;
  uint32_t threshold = 1;
};

template <typename... Parts>
absl::Status Exists(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::AlreadyExists(parts...), reason);
}
template <typename... Parts>
absl::Status Unknown(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::NotFound(parts...), reason);
}
template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::FailedPrecondition(parts...), reason);
}

// A key that is to be added: nobody's yet, and not denied.
absl::Status CheckNewKey(const trust::Roster& roster, const base::PublicKey& key) {
  if (!roster.CheckNotDenied(key, "").ok()) {
    return Refused(trust::kKeyDenied, key.ToText(), " is denied: make a new key, crossdock key create");
  }
  const auto taken = [&](std::string_view role, std::string_view holder) {
    return Exists("KEY_EXISTS", key.ToText(), " is already the key of ", role, " '", holder,
                  "': one key has one holder and one role");
  };
  for (const auto& officer : roster.officers()) {
    if (officer.key == key) return taken("officer", officer.name);
  }
  for (const auto& admin : roster.site_admins()) {
    if (admin.key == key) return taken("site admin", admin.name);
  }
  for (const auto& approver : roster.approvers()) {
    if (std::find(approver.keys.begin(), approver.keys.end(), key) != approver.keys.end()) {
      return taken("approver", approver.person);
    }
  }
  return absl::OkStatus();
}

absl::Status AddSite(const Options& options, RosterFile& file, Context&) {
  if (file.roster().FindSite(options.name) != nullptr) {
    return Exists("SITE_EXISTS", "there is a site '", options.name, "' in ", options.file);
  }
  yaml::Node certifications = ListNode({});
  for (const std::string& pair : options.certifications) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos) {
      return base::InvalidArgument("'", pair, "' is no certification; write it as tpn-gold=2027-06-30");
    }
    certifications.items.push_back(
        MapNode({{"id", TextNode(pair.substr(0, equals))}, {"valid_until", TextNode(pair.substr(equals + 1))}}));
  }
  std::vector<std::pair<std::string, yaml::Node>> site{{"id", TextNode(options.name)},
                                                       {"country", TextNode(options.country)}};
  if (!options.zone.empty()) site.emplace_back("zone", TextNode(options.zone));
  site.emplace_back("certifications", std::move(certifications));
  file.Add("sites", MapNode(std::move(site)));
  return absl::OkStatus();
}

absl::Status RemoveSite(const Options& options, RosterFile& file, Context&) {
  for (const auto& admin : file.roster().site_admins()) {
    if (std::find(admin.sites.begin(), admin.sites.end(), options.name) == admin.sites.end()) continue;
    return Refused("SITE_IN_USE", "site admin '", admin.name, "' still speaks for site '", options.name,
                   "': remove the admin first");
  }
  if (file.Remove("sites", {{"id", options.name}})) return absl::OkStatus();
  return Unknown(trust::kSiteUnknown, "no site '", options.name, "' in ", options.file);
}

// More sites for an admin who is there already, with the same key.
absl::Status AddSitesTo(const trust::SiteAdmin& admin, const base::PublicKey& key, const Options& options,
                        RosterFile& file) {
  std::vector<std::string> sites = admin.sites;
  for (const std::string& site : options.sites) {
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(site);
  }
  if (!(admin.key == key) || sites == admin.sites) {
    return Exists("SITE_ADMIN_EXISTS", "there is a site admin '", admin.name, "' in ", options.file,
                  admin.key == key ? " for all of these sites" : " with another key");
  }
  file.Set("site_admins", admin.name, "sites", ListNode(sites));
  return absl::OkStatus();
}

absl::Status AddAdmin(const Options& options, RosterFile& file, Context&) {
  ASSIGN_OR_RETURN(const base::PublicKey key, base::PublicKey::FromText(options.key));
  for (const std::string& site : options.sites) {
    if (file.roster().FindSite(site) == nullptr) {
      return Unknown(trust::kSiteUnknown, "no site '", site, "' in ", options.file, "; add it first: crossdock roster ",
                     "add-site");
    }
  }
  const auto& admins = file.roster().site_admins();
  const auto known =
      std::find_if(admins.begin(), admins.end(), [&](const auto& admin) { return admin.name == options.name; });
  if (known != admins.end()) return AddSitesTo(*known, key, options, file);
  RETURN_IF_ERROR(CheckNewKey(file.roster(), key));
  file.Add(
      "site_admins",
      MapNode({{"name", TextNode(options.name)}, {"key", TextNode(key.ToText())}, {"sites", ListNode(options.sites)}}));
  return absl::OkStatus();
}

absl::Status RemoveAdmin(const Options& options, RosterFile& file, Context&) {
  if (file.Remove("site_admins", {{"name", options.name}})) return absl::OkStatus();
  return Unknown(trust::kSiteAdminUnknown, "no site admin '", options.name, "' in ", options.file);
}

absl::Status EndAdmin(const Options& options, RosterFile& file, Context& context) {
  const std::string until = options.until.empty()
                                ? base::FormatSeconds(std::chrono::floor<std::chrono::seconds>(context.clock.Now()))
                                : options.until;
  if (file.Set("site_admins", options.name, "until", TextNode(until))) return absl::OkStatus();
  return Unknown(trust::kSiteAdminUnknown, "no site admin '", options.name, "' in ", options.file);
}

absl::Status AddRosterOfficer(const Options& options, RosterFile& file, Context&) {
  ASSIGN_OR_RETURN(const base::PublicKey key, base::PublicKey::FromText(options.key));
  if (file.roster().FindOfficer(options.name) != nullptr) {
    return Exists("OFFICER_EXISTS", "there is an officer '", options.name, "' in ", options.file,
                  "; for a new key, remove the old one first: crossdock roster remove-officer");
  }
  RETURN_IF_ERROR(CheckNewKey(file.roster(), key));
  file.Add("officers", MapNode({{"name", TextNode(options.name)}, {"key", TextNode(key.ToText())}}));
  return absl::OkStatus();
}

// Officers whose signature counts, but for the one with `name`.
size_t AbleOfficers(const trust::Roster& roster, std::string_view name) {
  return static_cast<size_t>(
      std::count_if(roster.officers().begin(), roster.officers().end(), [&](const trust::Officer& officer) {
        return officer.name != name && !roster.denied().contains(base::KeyId(officer.key));
      }));
}

absl::Status CheckReachable(size_t able, size_t threshold) {
  if (able >= threshold) return absl::OkStatus();
  return Refused("THRESHOLD_UNREACHABLE", "then ", able, " officers could sign, and ", threshold,
                 " must: add an officer first, or lower the threshold (crossdock roster threshold)");
}

absl::Status RemoveOfficer(const Options& options, RosterFile& file, Context&) {
  if (file.roster().FindOfficer(options.name) == nullptr) {
    return Unknown("OFFICER_UNKNOWN", "no officer '", options.name, "' in ", options.file);
  }
  RETURN_IF_ERROR(CheckReachable(AbleOfficers(file.roster(), options.name), file.roster().threshold()));
  file.Remove("officers", {{"name", options.name}});
  return absl::OkStatus();
}

absl::Status SetThreshold(const Options& options, RosterFile& file, Context&) {
  if (options.threshold == file.roster().threshold()) {
    return Exists("THRESHOLD_EXISTS", options.file, " asks for ", options.threshold, " already");
  }
  RETURN_IF_ERROR(CheckReachable(AbleOfficers(file.roster(), ""), options.threshold));
  file.Set("", "", "threshold", NumberNode(options.threshold));
  return absl::OkStatus();
}

absl::StatusOr<std::string> LineOf(const Options& options, Context& context) {
  if (options.name != "-") return options.name;
  std::string line;
  std::getline(context.in, line);
  if (line.size() > kLineMax) return base::InvalidArgument("the approver's line is longer than ", kLineMax, " bytes");
  return line;
}

absl::Status AddApprover(const Options& options, RosterFile& file, Context& context) {
  ASSIGN_OR_RETURN(const std::string line, LineOf(options, context));
  ASSIGN_OR_RETURN(yaml::Map entry, yaml::Parse(line, "the approver's line"));
  ASSIGN_OR_RETURN(const std::string person, entry.String("person"));
  const auto& approvers = file.roster().approvers();
  if (std::any_of(approvers.begin(), approvers.end(), [&](const auto& each) { return each.person == person; })) {
    return Exists("APPROVER_EXISTS", "there is an approver '", person, "' in ", options.file,
                  "; to change the line, remove the old one first: crossdock roster remove-approver");
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> keys, entry.StringList("keys"));
  for (const std::string& text : keys) {
    ASSIGN_OR_RETURN(const base::PublicKey key, base::PublicKey::FromText(text));
    RETURN_IF_ERROR(CheckNewKey(file.roster(), key));
  }
  file.Add("approvers", entry.node());
  return absl::OkStatus();
}

absl::Status RemoveApprover(const Options& options, RosterFile& file, Context&) {
  if (file.Remove("approvers", {{"person", options.name}})) return absl::OkStatus();
  return Unknown("APPROVER_UNKNOWN", "no approver '", options.name, "' in ", options.file);
}

absl::Status AddPerson(const Options& options, RosterFile& file, Context&) {
  std::vector<std::pair<std::string, yaml::Node>> person{{"person", TextNode(options.name)}};
  if (!options.names.empty()) person.emplace_back("names", ListNode(options.names));
  yaml::Node accounts = ListNode({});
  for (const std::string& account : options.sign_ins) {
    const size_t hash = account.find('#');
    if (hash == std::string::npos) {
      return base::InvalidArgument("'", account, "' is no account; write it as https://id.studio.example#ana");
    }
    accounts.items.push_back(
        MapNode({{"issuer", TextNode(account.substr(0, hash))}, {"user", TextNode(account.substr(hash + 1))}}));
  }
  if (!accounts.items.empty()) person.emplace_back("sign_in", std::move(accounts));
  for (const trust::Person& each : file.roster().people()) {
    if (each.person != options.name) continue;
    return Exists("PERSON_EXISTS", "'", options.name, "' is among the people of ", options.file,
                  "; to change the line, remove the old one first: crossdock roster remove-person");
  }
  file.Add("people", MapNode(std::move(person)));
  return absl::OkStatus();
}

absl::Status RemovePerson(const Options& options, RosterFile& file, Context&) {
  if (file.Remove("people", {{"person", options.name}})) return absl::OkStatus();
  return Unknown("PERSON_UNKNOWN", "'", options.name, "' is not among the people of ", options.file);
}

// The roster keeps the whole volume as an empty prefix and writes it as "/".
bool IsRule(const trust::PathRule& rule, const Options& options) {
  return rule.volume == options.name && (rule.prefix.empty() ? "/" : rule.prefix) == options.prefix;
}

absl::Status AddPath(const Options& options, RosterFile& file, Context&) {
  for (const trust::PathRule& rule : file.roster().paths()) {
    if (!IsRule(rule, options)) continue;
    return Exists("PATH_EXISTS", options.name, ":", options.prefix, " is already mapped, to ", rule.client, "/",
                  rule.project, ", ", rule.classification, "; remove that first: crossdock roster remove-path");
  }
  file.Add("paths", MapNode({{"volume", TextNode(options.name)},
                             {"prefix", TextNode(options.prefix)},
                             {"client", TextNode(options.client)},
                             {"project", TextNode(options.project)},
                             {"classification", TextNode(options.classification)}}));
  return absl::OkStatus();
}

absl::Status RemovePath(const Options& options, RosterFile& file, Context&) {
  if (file.Remove("paths", {{"volume", options.name}, {"prefix", options.prefix}})) return absl::OkStatus();
  return Unknown("PATH_UNKNOWN", "no path ", options.name, ":", options.prefix, " in ", options.file);
}

// A public key is denied by its id; a key id and an SPKI digest as they are.
absl::StatusOr<std::string> DeniedName(const std::string& key) {
  if (!key.starts_with("ed25519:")) return key;
  ASSIGN_OR_RETURN(const base::PublicKey read, base::PublicKey::FromText(key));
  return base::KeyId(read);
}

absl::Status Deny(const Options& options, RosterFile& file, Context&) {
  ASSIGN_OR_RETURN(const std::string denied, DeniedName(options.key));
  const trust::Roster& roster = file.roster();
  if (roster.denied().contains(denied)) {
    return Exists("KEY_DENIED_ALREADY", options.file, " denies ", denied, " already");
  }
  for (const trust::Officer& officer : roster.officers()) {
    if (base::KeyId(officer.key) != denied) continue;
    RETURN_IF_ERROR(CheckReachable(AbleOfficers(roster, officer.name), roster.threshold()));
  }
  file.Add("denied", TextNode(denied));
  return absl::OkStatus();
}

absl::Status RemoveDenied(const Options& options, RosterFile& file, Context&) {
  ASSIGN_OR_RETURN(const std::string denied, DeniedName(options.key));
  if (file.Remove("denied", {{"", denied}})) return absl::OkStatus();
  return Unknown("KEY_NOT_DENIED", options.file, " does not deny ", denied);
}

absl::Status Extend(const Options& options, RosterFile& file, Context& context) {
  const base::Instant end =
      std::chrono::floor<std::chrono::days>(context.clock.Now() + std::chrono::hours(24) * options.days);
  file.Set("", "", "expires", TextNode(base::FormatSeconds(end)));
  return absl::OkStatus();
}

using Change = absl::Status (*)(const Options&, RosterFile&, Context&);

absl::Status Edit(Change change, const Options& options, Context& context) {
  ASSIGN_OR_RETURN(RosterFile file, RosterFile::Read(options.file));
  RETURN_IF_ERROR(change(options, file, context));
  ASSIGN_OR_RETURN(const trust::Roster roster, file.Write());
  const Document document{
      {"file", options.file},      {"number_before", file.roster().number()}, {"number", roster.number()},
      {"changes", file.changes()}, {"comments_lost", file.comments_lost()},   {"roster_root", roster.Root()}};
  Answer(context, document, [&] {
    context.out << options.file << ": number " << file.roster().number() << " → " << roster.number() << '\n';
    for (const std::string& line : file.changes()) context.out << line << '\n';
    if (file.comments_lost() > 0) context.out << "comments lost: " << file.comments_lost() << '\n';
    if (roster.Root() != file.roster().Root()) {
      context.out << "the officers change: " << file.roster().threshold() << " of those before must sign, and "
                  << roster.threshold() << " of those now\n";
    }
    context.out << "next: crossdock roster sign " << options.file << " --sign-with KEY --out roster-" << roster.number()
                << ".signed\n";
  });
  return absl::OkStatus();
}

}  // namespace

void AddRosterEdit(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, Change change) {
    CLI::App* added = AddVerb(noun, context, options, name, help,
                              [change](const Options& chosen, Context& used) { return Edit(change, chosen, used); });
    added->footer(
        "Raises the roster's number and writes the file anew: comments in it are lost. Refused, with the file as it\n"
        "was, when the whole would not pass `crossdock roster check`.");
    added->add_option("file", options->file, "the roster (YAML)")->required();
    return added;
  };
  const auto named = [&](CLI::App* added, const char* name, const char* help) {
    added->add_option(name, options->name, help)->required();
    return added;
  };
  CLI::App* site = named(verb("add-site", "add a site", AddSite), "site", "its id, as in agents' certificates");
  site->add_option("--country", options->country, "two capital letters of ISO 3166")->required();
  site->add_option("--zone", options->zone, "its time zone, as in Europe/London; for rules with hours");
  site->add_option("--certification", options->certifications, "tpn-gold=2027-06-30; may be repeated");
  named(verb("remove-site", "remove a site that no admin speaks for", RemoveSite), "site", "its id");

  CLI::App* admin =
      named(verb("add-admin", "let somebody admit agents and relays, of one site or of one more", AddAdmin), "name",
            "short name");
  admin->add_option("--key", options->key, "as `crossdock key create` printed it")->required();
  admin->add_option("--site", options->sites, "for which; may be repeated")->required();
  named(verb("end-admin", "let an admin sign no more; whom they admitted stays", EndAdmin), "name", "short name")
      ->add_option("--until", options->until, "from then on, such as 2027-01-31T00:00:00Z; now when not given");
  named(verb("remove-admin", "remove an admin and with them every agent and relay that they admitted", RemoveAdmin),
        "name", "short name");

  named(verb("add-officer", "add somebody who signs rosters and policies", AddRosterOfficer), "name", "short name")
      ->add_option("--key", options->key, "as `crossdock key create` printed it")
      ->required();
  named(verb("remove-officer", "remove an officer; what they alone had signed counts no more", RemoveOfficer), "name",
        "short name");
  verb("threshold", "how many officers must sign a roster", SetThreshold)
      ->add_option("count", options->threshold, "as many, at least 1")
      ->required()
      ->check(CLI::Range(1, 64));

  named(verb("add-approver", "add an approver", AddApprover), "line",
        "as `crossdock key register` printed it; - reads it from standard input");
  named(verb("remove-approver", "remove an approver; their signatures count no more", RemoveApprover), "person",
        "short name");

  CLI::App* person =
      named(verb("add-person", "say that names and accounts are one person's, who counts once", AddPerson), "person",
            "what everything else is to call them; an approver's own name");
  person->add_option("--name", options->names,
                     "what they are called as officer, site admin, in a certificate or in the asset database; may be "
                     "repeated");
  person->add_option("--sign-in", options->sign_ins,
                     "an account at an identity provider, https://id.studio.example#ana; may be repeated");
  named(verb("remove-person", "tie these names and accounts to nobody", RemovePerson), "person", "short name");

  const auto path = [&](CLI::App* added) {
    named(added, "volume", "such as proj")
        ->add_option("prefix", options->prefix, "such as northlight/; / for all of it")
        ->required();
    return added;
  };
  CLI::App* add_path = path(verb("add-path", "say whose content lies below a path", AddPath));
  add_path->add_option("--client", options->client, "whose")->required();
  add_path->add_option("--project", options->project, "of which project")->required();
  add_path->add_option("--classification", options->classification, "public … secret: at least so confidential")
      ->required();
  path(verb("remove-path", "unmap a path: what lies there is not sent any more", RemovePath));

  const char* key_help = "ed25519:…, a key id (16 hex digits) or an SPKI digest (64)";
  verb("deny", "trust a key no more, whoever holds it", Deny)->add_option("key", options->key, key_help)->required();
  verb("remove-denied", "take a denial back", RemoveDenied)->add_option("key", options->key, key_help)->required();
  verb("extend", "let the roster expire later", Extend)
      ->add_option("--days", options->days, "from today")
      ->check(CLI::Range(1, 3650));
}

}  // namespace crossdock::cli
