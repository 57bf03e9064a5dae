// crossdock agent grant · crossdock relay statement|bundle: what a site admin signs.
#include <ostream>

#include "cli/verb.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/pki/certificate.h"
#include "lib/pki/join_token.h"
#include "lib/trust/kinds.h"
#include "lib/trust/roster.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::cli {
namespace {

constexpr size_t kNonceBytes = 16;
constexpr std::chrono::minutes kBackdate{1};

struct Options {
  std::string site;
  std::string site_admin;
  std::string key;
  std::string out;
  std::string roster;
  std::string orchestrator;
  std::string ca_certificate;
  int minutes = 55;
  bool registers = false;
  std::string relay;
  std::string spki;
  std::string address_lan;
  std::string address_wan;
  std::string ticket_key;
  uint64_t number = 0;
  int days = 365;
};

base::Instant Now(const Context& context) { return std::chrono::floor<std::chrono::seconds>(context.clock.Now()); }

template <typename Kind>
absl::StatusOr<std::string> Signed(const Kind& statement, const std::string& key_path) {
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(key_path));
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(statement));
  return trust::SignedStatement::Sign(text, key).Format();
}

void SayGranted(const Options& options, const trust::JoinGrant& grant, Context& context) {
  context.out << "token: " << options.out << ", for one agent of site " << options.site << ", until "
              << base::FormatSeconds(grant.not_after) << "\nnext: crossdock-agent --enrol --config FILE < "
              << options.out << '\n';
  if (!options.registers) {
    context.out << "and before that: crossdock agent register-grant " << options.out << ".grant\n";
  }
}

// A token lets one host join: it holds a secret, so it goes into a file that nobody else may read.
absl::Status Grant(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string body, base::ReadFile(options.roster, 1u << 20));
  ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, options.roster));
  ASSIGN_OR_RETURN(const std::string ca_pem, base::ReadFile(options.ca_certificate));
  ASSIGN_OR_RETURN(const pki::CertificateInfo ca, pki::ReadCertificate(ca_pem));
  const base::PrivateKey enrolment = base::PrivateKey::Generate(context.random);
  trust::JoinGrant grant;
  grant.role = "agent";
  grant.site = options.site;
  grant.enrolment_key = enrolment.Public();
  grant.roster_root = roster.Root();
  grant.not_before = Now(context) - kBackdate;
  grant.not_after = Now(context) + std::chrono::minutes(options.minutes);
  grant.nonce = base::ToHex(context.random.Bytes(kNonceBytes));
  grant.site_admin = options.site_admin;
  ASSIGN_OR_RETURN(const std::string text, Signed(grant, options.key));
  if (options.registers) RETURN_IF_ERROR(RegisterGrantText(text, context));
  const std::string token = pki::EncodeJoinToken({options.orchestrator, ca.sha256, text, enrolment});
  RETURN_IF_ERROR(base::WriteFileAtomic(options.out, token + "\n", 0600));
  if (!options.registers) RETURN_IF_ERROR(base::WriteFileAtomic(options.out + ".grant", text));
  const Document document{{"token_file", options.out},
                          {"grant_file", options.registers ? "" : options.out + ".grant"},
                          {"site", options.site},
                          {"not_after", base::FormatSeconds(grant.not_after)},
                          {"registered", options.registers}};
  Answer(context, document, [&] { SayGranted(options, grant, context); });
  return absl::OkStatus();
}

absl::Status RelayStatement(const Options& options, Context& context) {
  trust::RelayStatement relay;
  relay.relay = options.relay;
  relay.site = options.site;
  relay.spki = options.spki;
  relay.address_lan = options.address_lan;
  relay.address_wan = options.address_wan;
  relay.added = Now(context);
  relay.site_admin = options.site_admin;
  ASSIGN_OR_RETURN(const std::string text, Signed(relay, options.key));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.out, text));
  Answer(context,
         {{"relay", options.relay}, {"site", options.site}, {"spki", options.spki}, {"statement_file", options.out}},
         [&] {
           context.out << "signed: relay " << options.relay << "\nnext: crossdock relay add " << options.out << '\n';
         });
  return absl::OkStatus();
}

absl::Status RelayBundle(const Options& options, Context& context) {
  trust::RelayKeys keys;
  keys.number = options.number;
  keys.issued = Now(context);
  keys.expires = Now(context) + std::chrono::hours(24) * options.days;
  ASSIGN_OR_RETURN(keys.ticket_key, base::PublicKey::FromText(options.ticket_key));
  ASSIGN_OR_RETURN(const std::string text, Signed(keys, options.key));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.out, text));
  Answer(context,
         {{"number", options.number},
          {"ticket_key", options.ticket_key},
          {"expires", base::FormatSeconds(keys.expires)},
          {"bundle_file", options.out}},
         [&] {
           context.out << "signed: ticket keys, number " << options.number << "\nnext: crossdock relay keys SITE "
                       << options.out << '\n';
         });
  return absl::OkStatus();
}

void AddSigner(CLI::App& verb, Options& options) {
  verb.add_option("--sign-with", options.key, "the site admin's key")->required();
  verb.add_option("--out", options.out, "where it goes")->required();
}

}  // namespace

void AddAgentOffline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* grant = AddVerb(noun, context, options, "grant", "make a join token for one agent", Grant);
  grant->add_option("--site", options->site, "which it joins")->required();
  grant->add_option("--site-admin", options->site_admin, "your name in the roster")->required();
  grant->add_option("--roster", options->roster, "the roster (YAML): its officers are pinned")->required();
  grant->add_option("--orchestrator", options->orchestrator, "host:port of its API, as the agent dials it")->required();
  grant->add_option("--ca-cert", options->ca_certificate, "the orchestrator's CA")->required();
  grant->add_option("--minutes", options->minutes, "how long it may be used")->check(CLI::Range(1, 58));
  grant->add_flag("--register", options->registers, "register it at once");
  AddSigner(*grant, *options);
}

void AddRelayOffline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* statement = AddVerb(noun, context, options, "statement", "sign that a relay is ours", RelayStatement);
  statement->add_option("relay", options->relay, "its name")->required();
  statement->add_option("--site", options->site, "its site")->required();
  statement->add_option("--spki", options->spki, "digest that its --init printed")->required();
  statement->add_option("--lan", options->address_lan, "host:port for the site's own agents")->required();
  statement->add_option("--wan", options->address_wan, "host:port for other sites")->required();
  statement->add_option("--site-admin", options->site_admin, "your name in the roster")->required();
  AddSigner(*statement, *options);
  CLI::App* bundle = AddVerb(noun, context, options, "bundle", "sign which ticket key relays believe", RelayBundle);
  bundle->add_option("--ticket-key", options->ticket_key, "as `crossdock relay ticket-key` prints it")->required();
  bundle->add_option("--number", options->number, "above the last bundle's")->required();
  bundle->add_option("--days", options->days, "how long it is valid")->check(CLI::Range(1, 3650));
  AddSigner(*bundle, *options);
}

}  // namespace crossdock::cli
