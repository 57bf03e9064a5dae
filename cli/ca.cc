// crossdock ca init|issue-user|issue-orchestrator: the built-in CA, for studios without one of their own.
#include <ostream>

#include "cli/verb.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/pki/authority.h"
#include "lib/pki/certificate.h"
#include "lib/rpc/identity.h"

namespace crossdock::cli {
namespace {

struct Options {
  std::string ca_key;
  std::string ca_certificate;
  std::string trust_domain;
  std::string name;
  std::string key;
  std::string certificate;
  std::vector<std::string> dns;
  std::vector<std::string> ips;
  int days = 90;
};

absl::Status Init(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const pki::CertificateAuthority ca,
                   pki::CreateCa(options.trust_domain, context.clock.Now(), context.random));
  RETURN_IF_ERROR(base::WriteNewKeyFile(options.ca_key, ca.key.ToPem()));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.ca_certificate, ca.certificate_pem));
  ASSIGN_OR_RETURN(const pki::CertificateInfo info, pki::ReadCertificate(ca.certificate_pem));
  Answer(context, {{"key_file", options.ca_key}, {"certificate_file", options.ca_certificate}, {"sha256", info.sha256}},
         [&] { context.out << "sha256: " << info.sha256 << '\n'; });
  return absl::OkStatus();
}

absl::Status Issue(rpc::PeerKind kind, const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string ca_key, base::ReadKeyFile(options.ca_key));
  ASSIGN_OR_RETURN(const std::string ca_certificate, base::ReadFile(options.ca_certificate));
  ASSIGN_OR_RETURN(const pki::CertificateAuthority ca, pki::LoadCa(ca_key, ca_certificate));
  const std::string spiffe = rpc::FormatSpiffeId({kind, options.trust_domain, "", options.name});
  if (!rpc::ParseSpiffeId(spiffe).ok()) {
    return base::InvalidArgument("'", options.name, "' is no name: 1 to 63 of a-z, 0-9, '-', '_' and '.'");
  }
  const base::P256Key key = base::P256Key::Generate();
  ASSIGN_OR_RETURN(const std::string csr, pki::CreateCsr(key, spiffe));
  ASSIGN_OR_RETURN(const std::string certificate,
                   pki::IssueFromCsr(ca, csr, spiffe, {options.dns, options.ips}, context.clock.Now(), context.random,
                                     std::chrono::hours(24) * options.days));
  RETURN_IF_ERROR(base::WriteNewKeyFile(options.key, key.ToPem()));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.certificate, certificate));
  Answer(context, {{"name", spiffe}, {"key_file", options.key}, {"certificate_file", options.certificate}},
         [&] { context.out << spiffe << '\n'; });
  return absl::OkStatus();
}

}  // namespace

void AddCa(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("ca", "the built-in certificate authority")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto common = [&](CLI::App* verb) {
    verb->add_option("--ca-key", options->ca_key, "the CA's key (PEM, mode 0600)")->required();
    verb->add_option("--ca-cert", options->ca_certificate, "the CA's certificate (PEM)")->required();
    verb->add_option("--trust-domain", options->trust_domain, "such as demo.studio")->required();
    return verb;
  };
  common(AddVerb(noun, context, options, "init", "make the CA; no file is overwritten", Init));
  const auto issue = [&](const char* name, const char* help, rpc::PeerKind kind) {
    CLI::App* verb = common(AddVerb(noun, context, options, name, help, [kind](const Options& chosen, Context& used) {
      return Issue(kind, chosen, used);
    }));
    verb->add_option("name", options->name, "the name in the certificate")->required();
    verb->add_option("--out-key", options->key, "where its key goes")->required();
    verb->add_option("--out-cert", options->certificate, "where its certificate goes")->required();
    verb->add_option("--days", options->days, "how long it is valid")->check(CLI::Range(1, 400));
    return verb;
  };
  issue("issue-user", "a person's key and certificate", rpc::PeerKind::kUser);
  CLI::App* server =
      issue("issue-orchestrator", "the orchestrator's key and certificate", rpc::PeerKind::kOrchestrator);
  server->add_option("--dns", options->dns, "host name that it is dialled by; may be repeated");
  server->add_option("--ip", options->ips, "address that it is dialled by; may be repeated");
}

}  // namespace crossdock::cli
