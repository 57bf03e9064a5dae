// crossdock officer init · crossdock key create|show|register: Ed25519 keys of people, made and kept where they sit.
#include <ostream>

#include "cli/roster_text.h"
#include "cli/verb.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/trust/roster.h"

namespace crossdock::cli {
namespace {

constexpr std::chrono::hours kFirstRosterLife{24 * 365};

struct Options {
  std::string key;
  std::string roster;
  std::string name;
  std::string trust_domain;
  std::string person;
  std::string display_name;
  std::string team;
  std::string organisation;
  std::vector<std::string> groups;
};

absl::StatusOr<base::PublicKey> MakeKey(const std::string& path, Context& context) {
  const base::PrivateKey key = base::PrivateKey::Generate(context.random);
  RETURN_IF_ERROR(base::WriteNewKeyFile(path, key.ToPem()));
  return key.Public();
}

// The officer's key, and a roster to begin with.
absl::Status InitOfficer(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PublicKey key, MakeKey(options.key, context));
  const std::string expires =
      base::FormatSeconds(std::chrono::floor<std::chrono::days>(context.clock.Now() + kFirstRosterLife));
  const std::string body = base::StrCat("schema: crossdock/roster/v1\nnumber: 1\nexpires: \"", expires,
                                        "\"\ntrust_domain: ", options.trust_domain,
                                        "\nthreshold: 1\nofficers: [{name: ", options.name, ", key: \"", key.ToText(),
                                        "\"}]\nsites: []\nsite_admins: []\napprovers: []\npaths: []\ndenied: []\n");
  ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, options.roster));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.roster, body));
  Answer(context,
         {{"key", key.ToText()},
          {"roster_root", roster.Root()},
          {"key_file", options.key},
          {"roster_file", options.roster}},
         [&] {
           context.out << "key: " << key.ToText() << "\nroster_root: " << roster.Root()
                       << "\nnext: crossdock roster add-site, add-admin, add-approver and add-path fill in "
                       << options.roster << "; then crossdock roster sign\n";
         });
  return absl::OkStatus();
}

void SayKey(const base::PublicKey& key, const Options& options, Context& context) {
  Answer(context, {{"key", key.ToText()}, {"key_id", base::KeyId(key)}, {"key_file", options.key}},
         [&] { context.out << key.ToText() << '\n'; });
}

absl::Status CreateKey(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PublicKey key, MakeKey(options.key, context));
  SayKey(key, options, context);
  return absl::OkStatus();
}

absl::Status ShowKey(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  SayKey(key.Public(), options, context);
  return absl::OkStatus();
}

// What a roster would refuse is refused here, where the person sits who can mend it.
absl::Status CheckLine(const std::string& line) {
  const std::string officer = base::StrCat("ed25519:", std::string(2 * base::kEd25519KeySize, '0'));
  return trust::Roster::Parse(
             base::StrCat("approvers: [", line, "]\nschema: crossdock/roster/v1\nnumber: 1\n",
                          "expires: \"2000-01-01T00:00:00Z\"\ntrust_domain: any.studio\nthreshold: 1\n",
                          "officers: [{name: any, key: \"", officer, "\"}]\n"),
             "the approver's line")
      .status();
}

// The line that `crossdock roster add-approver` takes: what the approver sends to the officer.
absl::Status RegisterKey(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  const std::string line = FormatEntry(MapNode({{"person", TextNode(options.person)},
                                                {"name", TextNode(options.display_name)},
                                                {"team", TextNode(options.team)},
                                                {"organisation", TextNode(options.organisation)},
                                                {"groups", ListNode(options.groups)},
                                                {"keys", ListNode({key.Public().ToText()})}}));
  RETURN_IF_ERROR(CheckLine(line));
  Answer(context, {{"line", line}, {"person", options.person}, {"key", key.Public().ToText()}},
         [&] { context.out << line << '\n'; });
  return absl::OkStatus();
}

}  // namespace

void AddOfficer(CLI::App& app, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& officer = *app.add_subcommand("officer", "those who sign the roster and policies")->require_subcommand(1);
  CLI::App* init = AddVerb(officer, context, options, "init", "make an officer's key and a first roster", InitOfficer);
  init->add_option("name", options->name, "the officer's name in the roster")->required();
  init->add_option("--key-file", options->key, "where the key goes; nothing is overwritten")->required();
  init->add_option("--roster", options->roster, "where the roster goes")->required();
  init->add_option("--trust-domain", options->trust_domain, "such as demo.studio")->required();

  CLI::App& noun =
      *app.add_subcommand("key", "Ed25519 keys: approvers', site admins', tickets'")->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = AddVerb(noun, context, options, name, help, run);
    added->add_option("file", options->key, "the key's file (PEM, mode 0600)")->required();
    return added;
  };
  verb("create", "make one, and print its public half", CreateKey);
  verb("show", "print its public half", ShowKey);
  CLI::App* add = verb("register", "print an approver's line for the roster", RegisterKey);
  add->add_option("--person", options->person, "short name, as it stands in approvals")->required();
  add->add_option("--name", options->display_name, "as people write it")->required();
  add->add_option("--team", options->team, "team")->required();
  add->add_option("--organisation", options->organisation, "organisation")->required();
  add->add_option("--group", options->groups, "group of approvers; may be repeated");
}

}  // namespace crossdock::cli
