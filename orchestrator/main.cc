// crossdock-orchestrator: events → policy → approvals → plan → dispatch. All state is in PostgreSQL.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/https/https.h"
#include "lib/mail/mail.h"
#include "lib/pki/certificate.h"
#include "lib/rpc/log.h"
#include "lib/rpc/server.h"
#include "lib/rpc/tls.h"
#include "orchestrator/api/authenticator.h"
#include "orchestrator/api/permissions.h"
#include "orchestrator/api/services.h"
#include "orchestrator/audit/sequencer.h"
#include "orchestrator/audit/signer.h"
#include "orchestrator/audit/witnesses.h"
#include "orchestrator/config.h"
#include "orchestrator/engine/commands.h"
#include "orchestrator/engine/desk.h"
#include "orchestrator/engine/notify.h"
#include "orchestrator/identity/key_refresh.h"
#include "orchestrator/intake/postgres/sources.h"
#include "orchestrator/loops/orchestrator_duties.h"
#include "orchestrator/notify/mails.h"
#include "orchestrator/notify/webhooks.h"
#include "orchestrator/store/migrate.h"

namespace crossdock::orchestrator {
namespace {

using std::chrono::milliseconds;

constexpr int kConnectionsMax = 16;
// A connection, and a session, end long before the certificate that they began with: what comes next shows the new one.
constexpr int kConnectionsPerCertificate = 8;

// How often it is asked whether an identity provider's keys are due.
constexpr milliseconds kKeysLook{5'000};

struct Keys {
  base::PrivateKey ticket;
  std::optional<base::PrivateKey> audit;
  pki::CertificateAuthority ca;
  std::vector<notify::Recipient> recipients;
  std::string mail_password;
};

// The orchestrator's own certificate comes from people; it says in time that they must bring the next.
absl::Status CheckOwnCertificate(const Config& config, base::Instant now) {
  ASSIGN_OR_RETURN(const std::string pem, base::ReadFile(config.tls.certificate));
  ASSIGN_OR_RETURN(const pki::CertificateInfo own, pki::ReadCertificate(pem));
  RETURN_IF_ERROR(pki::CheckNotExpired(own, config.tls.certificate, now));
  if (own.not_after - now < (own.not_after - own.not_before) / 3) {
    LOG_WARNING("the orchestrator's certificate ends soon; put a new one in its place",
                {{"file", config.tls.certificate}, {"ends", base::FormatSeconds(own.not_after)}});
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadMailPassword(const Config& config) {
  if (!config.mail || config.mail->password.empty()) return std::string();
  ASSIGN_OR_RETURN(const std::string text, base::ReadKeyFile(config.mail->password));
  const std::string_view password = base::ToStd(absl::StripTrailingAsciiWhitespace(base::ToAbsl(text)));
  const bool one_line = password.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
  if (!password.empty() && one_line) return std::string(password);
  return base::InvalidArgument(config.mail->password, ": one line with the mail server's password is expected");
}

absl::StatusOr<Keys> LoadKeys(const Config& config) {
  ASSIGN_OR_RETURN(base::PrivateKey ticket, base::ReadSigningKey(config.ticket_key));
  std::optional<base::PrivateKey> audit;
  if (!config.audit_key.empty()) {
    ASSIGN_OR_RETURN(audit, base::ReadSigningKey(config.audit_key));
  }
  ASSIGN_OR_RETURN(const std::string ca_key, base::ReadKeyFile(config.ca.key));
  ASSIGN_OR_RETURN(const std::string ca_certificate, base::ReadFile(config.ca.certificate));
  ASSIGN_OR_RETURN(pki::CertificateAuthority ca, pki::LoadCa(ca_key, ca_certificate));
  RETURN_IF_ERROR(rpc::CheckServerCertificate(config.tls.certificate));
  RETURN_IF_ERROR(CheckOwnCertificate(config, base::SystemClock().Now()));
  std::vector<notify::Recipient> recipients;
  for (const NotifyConfig& each : config.notify) {
    if (!each.mail.empty()) continue;
    ASSIGN_OR_RETURN(const std::string text, base::ReadKeyFile(each.key));
    absl::StatusOr<std::string> key = notify::ReadKey(text);
    if (!key.ok()) return base::Annotate(key.status(), each.key);
    recipients.push_back({each.recipient, each.webhook, each.ca, *std::move(key)});
  }
  ASSIGN_OR_RETURN(std::string mail_password, ReadMailPassword(config));
  return Keys{std::move(ticket), std::move(audit), std::move(ca), std::move(recipients), std::move(mail_password)};
}

rpc::PortOptions PortOf(const Config& config, rpc::PortKind kind, const std::string& address) {
  return {kind, address, config.tls.certificate, config.tls.key, config.ca.certificate, {}};
}

api::SessionOptions SessionOptionsOf(const Config& config) {
  api::SessionOptions options;
  options.orchestrator = config.name;
  options.lease = config.lease;
  options.report_interval = config.report;
  options.poll = config.agents_poll;
  options.age_max = std::min(options.age_max, config.certificate_life / kConnectionsPerCertificate);
  return options;
}

rpc::ServerOptions ServerOptionsOf(const Config& config) {
  rpc::ServerOptions options;
  options.connection_age_max =
      std::min(options.connection_age_max, config.certificate_life / kConnectionsPerCertificate);
  options.ports.push_back(PortOf(config, rpc::PortKind::kAgents, config.listen_agents));
  options.ports.push_back(PortOf(config, rpc::PortKind::kApi, config.listen_api));
  return options;
}

// Numbers what was written since the last time, then signs what is due.
absl::Status SealAudit(pg::Database& database, audit::Signer* signer, base::Instant now) {
  absl::Status status;
  for (int numbered = audit::kBatchMax; status.ok() && numbered >= audit::kBatchMax;) {
    const absl::StatusOr<int> batch = audit::NumberLeaves(database);
    status = batch.status();
    numbered = batch.value_or(0);
  }
  // Also when numbering failed: whoever did that to a log is to be noticed.
  if (signer != nullptr) status.Update(signer->RunOnce(now));
  return status;
}

// Those beside the engine's own.
std::vector<loops::DutySpec> ProgramDuties(const Config& config, const engine::Context& context,
                                           intake::PostgresSources& sources, api::AgentSessions& sessions,
                                           api::Watches& watches) {
  return {
      {"sessions", milliseconds(1'000), {}, [&sessions](base::Instant) { return sessions.Tick(); }},
      {"watches", milliseconds(1'000), {Duty::kWatch}, [&watches](base::Instant now) { return watches.RunOnce(now); }},
      {"certificate",
       std::chrono::hours(1),
       {},
       [&config](base::Instant now) { return CheckOwnCertificate(config, now); }},
      {"reconcile",
       config.reconcile,
       {},
       [&context, &sources](base::Instant now) {
         RETURN_IF_ERROR(sources.Reconcile(context, now));
         context.wakes.Wake(Duty::kIntake);
         return absl::OkStatus();
       }},
  };
}

std::vector<oidc::Provider> ProvidersOf(const Config& config) {
  std::vector<oidc::Provider> providers;
  for (const IdentityProvider& each : config.identity_providers) providers.push_back(each.provider);
  return providers;
}

// issuer → one of its provider's fields.
template <typename Field>
std::map<std::string, Field> ByIssuer(const Config& config, Field IdentityProvider::*field) {
  std::map<std::string, Field> fields;
  for (const IdentityProvider& each : config.identity_providers) fields[each.provider.issuer] = each.*field;
  return fields;
}

// Whom policies can have told, each by webhook or by mail, as the configuration says and nobody else.
struct Desks {
  Desks(const Config& config, const Keys& keys)
      : webhooks(keys.recipients, https::PostJson),
        mails(
            config.mail ? config.mail->from : "", MailRecipients(config),
            [server = MailServer(config, keys)](const mail::Message& message) { return mail::Send(server, message); }),
        mailed(mails.names()) {}

  static std::vector<notify::MailRecipient> MailRecipients(const Config& config) {
    std::vector<notify::MailRecipient> recipients;
    for (const NotifyConfig& each : config.notify)
      if (!each.mail.empty()) recipients.push_back({each.recipient, each.mail});
    return recipients;
  }
  static mail::Server MailServer(const Config& config, const Keys& keys) {
    mail::Server server = config.mail ? config.mail->server : mail::Server();
    server.password = keys.mail_password;
    return server;
  }
  std::set<std::string> names() const {
    std::set<std::string> names = webhooks.names();
    names.insert(mailed.begin(), mailed.end());
    return names;
  }
  absl::Status Tell(const std::string& recipient, const std::string& id, const std::string& document,
                    base::Instant now) const {
    return mailed.contains(recipient) ? mails.Send(recipient, id, document, now)
                                      : webhooks.Send(recipient, id, document, now);
  }

  const notify::Webhooks webhooks;
  const notify::Mails mails;
  const std::set<std::string> mailed;
};

// What lets people in by the tokens of the studio's own directory.
struct Directory {
  Directory(const Config& config, const base::Clock& clock)
      : providers(ProvidersOf(config)),
        keys(providers, ByIssuer(config, &IdentityProvider::ca), https::Get),
        sign_in(providers, clock, ByIssuer(config, &IdentityProvider::roles)) {}

  oidc::Providers providers;
  identity::KeyRefresh keys;
  api::SignIn sign_in;
};

absl::Status Run(const Config& config) {
  ASSIGN_OR_RETURN(const Keys keys, LoadKeys(config));
  const base::SystemClock clock;
  base::SystemRandom random;
  pg::Database database(config.database, kConnectionsMax);
  RETURN_IF_ERROR(store::Migrate(database));

  // What decides.
  Wakes wakes;
  Fleet fleet;
  const Desks desks(config, keys);
  const engine::Context context{database,
                                clock,
                                random,
                                wakes,
                                keys.ticket,
                                [&fleet] { return fleet.Online(); },
                                config.lease,
                                config.streams,
                                config.staging_keep,
                                [&fleet] { return fleet.Relays(); },
                                desks.names()};
  engine::Notifier notifier(context, std::bind_front(&Desks::Tell, &desks));
  intake::PostgresSources sources;
  for (const AssetDatabaseConfig& each : config.asset_databases) sources.Add(each.name, each.conninfo);
  engine::EngineCommands commands(context, sources.databases(), config.roster_root);
  engine::Desk desk(context);
  engine::Enrolments enrolments(context, keys.ca,
                                std::chrono::duration_cast<std::chrono::seconds>(config.certificate_life),
                                config.agents_address);

  // What it is asked through, and by whom: agents, people and tools.
  Directory directory(config, clock);
  api::DatabaseAuthenticator authenticator(database, clock, config.users,
                                           config.identity_providers.empty() ? nullptr : &directory.sign_in);
  const rpc::Gate gate(api::MethodRules(), authenticator, clock);
  std::optional<audit::Signer> signer;
  std::optional<audit::Witnesses> witnesses;
  if (keys.audit) {
    signer.emplace(database, config.trust_domain, *keys.audit);
    witnesses.emplace(database, *signer, config.trust_domain, clock);
  } else {
    LOG_WARNING("the audit log is not sealed: no audit_key is configured", {});
  }
  api::AgentSessions sessions(desk, fleet, clock, random, SessionOptionsOf(config), witnesses ? &*witnesses : nullptr);
  const api::ApiContext api{
      commands, database, clock, random, wakes, gate, fleet, &config.users, signer ? &*signer : nullptr};
  api::Services services(api, {sessions, desk, enrolments});
  ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                   rpc::Server::Start(ServerOptionsOf(config), gate, services.Served()));

  // What it does by itself.
  wakes.OnAgent([&sessions](const std::string& agent) { sessions.Wake(agent); });
  std::vector<loops::DutySpec> duties = loops::EngineDuties(context, sources.databases());
  for (loops::DutySpec& duty : ProgramDuties(config, context, sources, sessions, services.watches()))
    duties.push_back(std::move(duty));
  duties.push_back(
      {"identity", kKeysLook, {}, [&directory](base::Instant now) { return directory.keys.RunOnce(now); }});
  for (int i = 0; i < engine::kTellingAtOnce; ++i) {
    // A move wakes two; the others are for when those wait for somebody.
    duties.push_back({base::StrCat("notify-", i), milliseconds(2'000),
                      i < 2 ? std::vector<Duty>{Duty::kWriteBack} : std::vector<Duty>{},
                      [&notifier](base::Instant now) { return notifier.RunOnce(now); }});
  }
  duties.push_back({"audit", milliseconds(500), {}, [&database, &signer](base::Instant now) {
                      return SealAudit(database, signer ? &*signer : nullptr, now);
                    }});
  loops::Duties running(std::move(duties), wakes, clock);
  sources.Start(context, config.poll);

  LOG_INFO("orchestrator is ready",
           {{"name", config.name}, {"agents_port", server->port(0)}, {"api_port", server->port(1)}});
  const int signal = base::WaitForStop();
  LOG_INFO("orchestrator stops", {{"signal", signal}});

  sources.Stop();
  notifier.Stop();
  running.Stop();
  services.watches().Stop();
  wakes.OnAgent({});
  sessions.Stop();
  server->Stop();
  return absl::OkStatus();
}

// What a wrong command line or configuration ends with.
constexpr int kUsage = 2;

int Main(int argc, char** argv) {
  base::SetUpProcess();
  base::ConfigureLog("crossdock-orchestrator", base::LogLevel::kInfo);
  CLI::App app{"Crossdock's orchestrator: from a shot that is ready to a verified copy at the other site."};
  std::string path;
  bool check = false;
  app.add_option("--config", path, "YAML; see deploy/config/orchestrator.example.yaml")->required();
  app.add_flag("--check-config", check, "reads the configuration and its key files, says what is wrong, and ends");
  app.set_version_flag("--version", std::string("crossdock-orchestrator ") + CROSSDOCK_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  const absl::StatusOr<Config> config = LoadConfig(path);
  absl::Status status = config.status();
  if (status.ok()) status = rpc::TlsLockDown();
  if (status.ok()) status = check ? LoadKeys(*config).status() : Run(*config);
  if (!status.ok()) {
    std::cerr << "crossdock-orchestrator: " << status.message() << '\n';
    return check || !config.ok() ? kUsage : 1;
  }
  if (check) std::cout << path << ": ok\n";
  return 0;
}

}  // namespace
}  // namespace crossdock::orchestrator

int main(int argc, char** argv) { return crossdock::orchestrator::Main(argc, argv); }
