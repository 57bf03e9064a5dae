// crossdock-orchestrator: events → policy → approvals → plan → dispatch. All state is in PostgreSQL.
#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/status.h"
#include "lib/pg/listener.h"
#include "lib/pki/key_file.h"
#include "lib/rpc/log.h"
#include "lib/rpc/server.h"
#include "lib/rpc/tls.h"
#include "orchestrator/api/admin_services.h"
#include "orchestrator/api/approval_service.h"
#include "orchestrator/api/attempt_service.h"
#include "orchestrator/api/authenticator.h"
#include "orchestrator/api/enrolment_service.h"
#include "orchestrator/api/event_service.h"
#include "orchestrator/api/permissions.h"
#include "orchestrator/api/rule_services.h"
#include "orchestrator/api/session_service.h"
#include "orchestrator/api/transfer_service.h"
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

struct Keys {
  base::PrivateKey ticket;
  pki::CertificateAuthority ca;
};

absl::StatusOr<Keys> LoadKeys(const Config& config) {
  ASSIGN_OR_RETURN(base::PrivateKey ticket, pki::ReadSigningKey(config.ticket_key));
  ASSIGN_OR_RETURN(const std::string ca_key, pki::ReadKeyFile(config.ca.key));
  ASSIGN_OR_RETURN(const std::string ca_certificate, base::ReadFile(config.ca.certificate));
  ASSIGN_OR_RETURN(pki::CertificateAuthority ca, pki::LoadCa(ca_key, ca_certificate));
  RETURN_IF_ERROR(rpc::CheckServerCertificate(config.tls.certificate));
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
  const engine::Context context{
      database, clock, random, wakes, keys.ticket, [&fleet] { return fleet.Online(); }, config.lease, config.streams};
  std::vector<std::unique_ptr<intake::PostgresSource>> sources;
  engine::AssetDatabases databases;
  for (const AssetDatabaseConfig& each : config.asset_databases) {
    sources.push_back(std::make_unique<intake::PostgresSource>(each.name, each.conninfo));
    databases.push_back(sources.back().get());
  }
  engine::EngineCommands commands(context, databases, config.roster_root);
  engine::Desk desk(context);
  engine::Enrolments enrolments(context, keys.ca, config.agents_address);

  // Who may call what.
  api::DatabaseAuthenticator authenticator(database, clock, config.users);
  const rpc::Gate gate(api::MethodRules(), authenticator, clock);

  // Agents' services.
  api::SessionOptions session_options;
  session_options.orchestrator = config.name;
  session_options.lease = config.lease;
  api::AgentSessions sessions(desk, fleet, clock, random, session_options);
  api::SessionService session_service(sessions, gate);
  api::AttemptService attempt_service(desk, gate);
  api::EnrolmentService enrolment_service(enrolments);

  // People's and tools' services.
  api::Watches watches(database, fleet, clock);
  const api::ApiContext api{commands, database, clock, random, wakes, gate, fleet};
  api::EventService event_service(api);
  api::TransferService transfer_service(api, watches);
  api::ApprovalService approval_service(api);
  api::PolicyService policy_service(api);
  api::TriggerService trigger_service(api);
  api::SiteService site_service(api);
  api::TokenService token_service(api);
  api::AuditService audit_service(api);

  rpc::ServerOptions options;
  options.ports.push_back(PortOf(config, rpc::PortKind::kAgents, config.listen_agents));
  options.ports.push_back(PortOf(config, rpc::PortKind::kApi, config.listen_api));
  ASSIGN_OR_RETURN(const std::unique_ptr<rpc::Server> server,
                   rpc::Server::Start(options, gate,
                                      {{&session_service, agent::v1::SessionService::service_full_name()},
                                       {&attempt_service, agent::v1::AttemptService::service_full_name()},
                                       {&enrolment_service, agent::v1::EnrolmentService::service_full_name()},
                                       {&event_service, studio::v1::EventService::service_full_name()},
                                       {&transfer_service, studio::v1::TransferService::service_full_name()},
                                       {&approval_service, studio::v1::ApprovalService::service_full_name()},
                                       {&policy_service, admin::v1::PolicyService::service_full_name()},
                                       {&trigger_service, admin::v1::TriggerService::service_full_name()},
                                       {&site_service, admin::v1::SiteService::service_full_name()},
                                       {&token_service, admin::v1::TokenService::service_full_name()},
                                       {&audit_service, admin::v1::AuditService::service_full_name()}}));

  // The duties.
  wakes.OnAgent([&sessions](const std::string& agent) { sessions.Wake(agent); });
  std::vector<loops::DutySpec> duties = loops::EngineDuties(context, databases);
  duties.push_back({"sessions", milliseconds(1'000), {}, [&sessions](base::Instant) { return sessions.Tick(); }});
  duties.push_back(
      {"watches", milliseconds(1'000), {Duty::kWatch}, [&watches](base::Instant now) { return watches.RunOnce(now); }});
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

int Main(int argc, char** argv) {
  base::SetUpProcess();
  base::ConfigureLog("crossdock-orchestrator", base::LogLevel::kInfo);
  CLI::App app{"Crossdock's orchestrator: from a shot that is ready to a verified copy at the other site."};
  std::string path;
  bool check = false;
  app.add_option("--config", path, "YAML; see deploy/config/orchestrator.example.yaml")->required();
  app.add_flag("--check-config", check, "reads the configuration and its key files, says what is wrong, and ends");
  app.set_version_flag("--version", std::string("crossdock-orchestrator ") + CROSSDOCK_VERSION);
  CLI11_PARSE(app, argc, argv);
  const absl::StatusOr<Config> config = LoadConfig(path);
  absl::Status status = config.status();
  if (status.ok()) status = rpc::TlsLockDown();
  if (status.ok()) status = check ? LoadKeys(*config).status() : Run(*config);
  if (!status.ok()) {
    std::cerr << "crossdock-orchestrator: " << status.message() << '\n';
    return check || !config.ok() ? 2 : 1;
  }
  if (check) std::cout << path << ": ok\n";
  return 0;
}

}  // namespace
}  // namespace crossdock::orchestrator

int main(int argc, char** argv) { return crossdock::orchestrator::Main(argc, argv); }
