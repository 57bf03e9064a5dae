// crossdock-orchestrator: events → policy → approvals → plan → dispatch. All state is in PostgreSQL.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/status.h"
#include "lib/pg/listener.h"
#include "lib/pki/certificate.h"
#include "lib/rpc/log.h"
#include "lib/rpc/server.h"
#include "lib/rpc/tls.h"
#include "orchestrator/api/authenticator.h"
#include "orchestrator/api/permissions.h"
#include "orchestrator/api/services.h"
#include "orchestrator/config.h"
#include "orchestrator/engine/commands.h"
#include "orchestrator/engine/desk.h"
#include "orchestrator/intake/postgres/source.h"
#include "orchestrator/loops/orchestrator_duties.h"
#include "orchestrator/store/migrate.h"

namespace crossdock::orchestrator {
namespace {

using std::chrono::milliseconds;

constexpr int kConnectionsMax = 16;
// A connection, and a session, end long before the certificate that they began with: what comes next shows the new one.
constexpr int kConnectionsPerCertificate = 8;

struct Keys {
  base::PrivateKey ticket;
  pki::CertificateAuthority ca;
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

absl::StatusOr<Keys> LoadKeys(const Config& config) {
  ASSIGN_OR_RETURN(base::PrivateKey ticket, base::ReadSigningKey(config.ticket_key));
  ASSIGN_OR_RETURN(const std::string ca_key, base::ReadKeyFile(config.ca.key));
  ASSIGN_OR_RETURN(const std::string ca_certificate, base::ReadFile(config.ca.certificate));
  ASSIGN_OR_RETURN(pki::CertificateAuthority ca, pki::LoadCa(ca_key, ca_certificate));
  RETURN_IF_ERROR(rpc::CheckServerCertificate(config.tls.certificate));
  RETURN_IF_ERROR(CheckOwnCertificate(config, base::SystemClock().Now()));
  return Keys{std::move(ticket), std::move(ca)};
}

rpc::PortOptions PortOf(const Config& config, rpc::PortKind kind, const std::string& address) {
  return {kind, address, config.tls.certificate, config.tls.key, config.ca.certificate, {}};
}

absl::Status Run(const Config& config) {
  ASSIGN_OR_RETURN(const Keys keys, LoadKeys(config));
  const base::SystemClock clock;
  base::SystemRandom random;

  pg::Database database(config.database, kConnectionsMax);
  RETURN_IF_ERROR(store::Migrate(database));

  Wakes wakes;
  Fleet fleet;
  const engine::Context context{database,
                                clock,
                                random,
                                wakes,
                                keys.ticket,
                                [&fleet] { return fleet.Online(); },
                                config.lease,
                                config.streams,
                                config.staging_keep,
                                [&fleet] { return fleet.Relays(); }};
  std::vector<std::unique_ptr<intake::PostgresSource>> sources;
  engine::AssetDatabases databases;
  for (const AssetDatabaseConfig& each : config.asset_databases) {
    sources.push_back(std::make_unique<intake::PostgresSource>(each.name, each.conninfo));
    databases.push_back(sources.back().get());
  }
  engine::EngineCommands commands(context, databases, config.roster_root);
  engine::Desk desk(context);
  engine::Enrolments enrolments(context, keys.ca,
                                std::chrono::duration_cast<std::chrono::seconds>(config.certificate_life),
                                config.agents_address);

  // Who may call what.
  api::DatabaseAuthenticator authenticator(database, clock, config.users);
  const rpc::Gate gate(api::MethodRules(), authenticator, clock);

  // Agents' sessions.
  api::SessionOptions session_options;
  session_options.orchestrator = config.name;
  session_options.lease = config.lease;
  session_options.report_interval = config.report;
  session_options.poll = config.agents_poll;
  session_options.age_max = std::min(session_options.age_max, config.certificate_life / kConnectionsPerCertificate);
  api::AgentSessions sessions(desk, fleet, clock, random, session_options);
  // For agents, people and tools.
  const api::ApiContext api{commands, database, clock, random, wakes, gate, fleet};
  api::Services services(api, {sessions, desk, enrolments});
  api::Watches& watches = services.watches();

  rpc::ServerOptions options;
  options.connection_age_max =
      std::min(options.connection_age_max, config.certificate_life / kConnectionsPerCertificate);
  options.ports.push_back(PortOf(config, rpc::PortKind::kAgents, config.listen_agents));
  options.ports.push_back(PortOf(config, rpc::PortKind::kApi, config.listen_api));
  ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server, rpc::Server::Start(options, gate, services.Served()));

  // The duties.
  wakes.OnAgent([&sessions](const std::string& agent) { sessions.Wake(agent); });
  std::vector<loops::DutySpec> duties = loops::EngineDuties(context, databases);
  duties.push_back({"sessions", milliseconds(1'000), {}, [&sessions](base::Instant) { return sessions.Tick(); }});
  duties.push_back(
      {"watches", milliseconds(1'000), {Duty::kWatch}, [&watches](base::Instant now) { return watches.RunOnce(now); }});
  duties.push_back({"certificate", std::chrono::hours(1), {}, [&config](base::Instant now) {
                      return CheckOwnCertificate(config, now);
                    }});
  duties.push_back({"reconcile", config.reconcile, {}, [&](base::Instant now) {
                      for (const auto& source : sources) RETURN_IF_ERROR(source->Reconcile(context, now));
                      wakes.Wake(Duty::kIntake);
                      return absl::OkStatus();
                    }});
  loops::Duties running(std::move(duties), wakes, clock);
  // Each asset database has a duty of its own: one that is away must not delay the others. Its LISTEN wakes it.
  std::vector<std::unique_ptr<base::PeriodicLoop>> polls;
  std::vector<std::unique_ptr<pg::Listener>> listeners;
  for (const auto& source : sources) {
    polls.push_back(std::make_unique<base::PeriodicLoop>(
        "poll " + source->name(), config.poll, clock,
        [&context, source = source.get()](base::Instant now) { return source->Poll(context, now); }));
    listeners.push_back(
        std::make_unique<pg::Listener>(source->conninfo(), std::vector<std::string>{"crossdock_outbox"},
                                       [loop = polls.back().get()](const std::string&) { loop->Wake(); }));
  }

  LOG_INFO("orchestrator is ready",
           {{"name", config.name}, {"agents_port", server->port(0)}, {"api_port", server->port(1)}});
  const int signal = base::WaitForStop();
  LOG_INFO("orchestrator stops", {{"signal", signal}});

  listeners.clear();
  polls.clear();
  running.Stop();
  watches.Stop();
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
