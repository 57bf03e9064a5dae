#include "tests/support/api_server.h"

#include <stdexcept>

#include "lib/base/file.h"
#include "lib/rpc/log.h"
#include "orchestrator/store/migrate.h"
#include "tests/support/postgres_server.h"

namespace crossdock::testing {
namespace {

constexpr int kConnectionsMax = 4;
constexpr char kAda[] = "spiffe://test.studio/user/ada";

void Must(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

// One server for all tests of a program: making a cluster takes longer than they do.
std::string NewDatabase() {
  static PostgresServer server;
  return server.NewDatabase();
}

}  // namespace

ApiServer::ApiServer() : database(NewDatabase(), kConnectionsMax) {
  rpc::RouteGrpcLog();
  Must(orchestrator::store::Migrate(database));
  ca.IssueTo(directory, "server", "spiffe://test.studio/orchestrator/o1");
  ca.IssueTo(directory, "user", kAda);
  ca.IssueTo(directory, "stranger", "spiffe://test.studio/user/mallory");
  ca.IssueTo(directory, "agent", "spiffe://test.studio/site/lon/agent/lon-1");
  Must(base::WriteFileAtomic(directory / "ca.crt", ca.certificate_pem()));

  using orchestrator::api::DatabaseAuthenticator;
  const std::vector<rpc::Role> every(std::begin(rpc::kAllRoles), std::end(rpc::kAllRoles));
  authenticator_ = std::make_unique<DatabaseAuthenticator>(
      database, clock, std::map<std::string, std::vector<rpc::Role>>{{kAda, every}});
  gate_ = std::make_unique<rpc::Gate>(orchestrator::api::MethodRules(), *authenticator_, clock);
  sessions_ = std::make_unique<orchestrator::api::AgentSessions>(desk, fleet, clock, random,
                                                                 orchestrator::api::SessionOptions{});
  const orchestrator::api::ApiContext api{commands, database, clock, random, wakes, *gate_, fleet};
  services_ =
      std::make_unique<orchestrator::api::Services>(api, orchestrator::api::AgentSide{*sessions_, desk, enrolments});
  watching_ =
      std::make_unique<base::PeriodicLoop>("watches", std::chrono::milliseconds(100), clock,
                                           [this](base::Instant now) { return services_->watches().RunOnce(now); });
  wakes.OnDuty(orchestrator::Duty::kWatch, [this] { watching_->Wake(); });

  rpc::ServerOptions options;
  for (const rpc::PortKind kind : {rpc::PortKind::kAgents, rpc::PortKind::kApi}) {
    options.ports.push_back(
        {kind, "127.0.0.1:0", directory / "server.crt", directory / "server.key", directory / "ca.crt", {}});
  }
  auto started = rpc::Server::Start(options, *gate_, services_->Served());
  Must(started.status());
  server_ = std::move(*started);
}

ApiServer::~ApiServer() {
  wakes.OnDuty(orchestrator::Duty::kWatch, {});
  watching_->Stop();
  services_->watches().Stop();
  sessions_->Stop();
  server_->Stop(std::chrono::milliseconds(100));
}

std::string ApiServer::TokenFor(const std::string& subject, const std::vector<std::string>& roles,
                                const std::string& client) {
  const std::string secret = orchestrator::api::NewTokenSecret(random);
  orchestrator::store::ApiToken token;
  token.id = base::NewId(random, "k");
  token.hash = orchestrator::api::TokenHash(secret);
  token.subject = subject;
  token.roles = roles;
  token.client = client;
  token.expires = clock.Now() + std::chrono::hours(1);
  Write([&](pg::Tx& tx) { orchestrator::store::InsertToken(tx, token); });
  return secret;
}

rpc::ChannelOptions ApiServer::WithToken(const std::string& secret) const {
  rpc::ChannelOptions options;
  options.server = address();
  options.ca_path = directory / "ca.crt";
  options.token = secret;
  return options;
}

rpc::ChannelOptions ApiServer::WithCertificate(const std::string& name) const {
  rpc::ChannelOptions options = WithToken("");
  options.certificate_path = directory / (name + ".crt");
  options.key_path = directory / (name + ".key");
  return options;
}

void ApiServer::Write(const std::function<void(pg::Tx&)>& body) {
  Must(database.Transact([&](pg::Tx& tx) {
    body(tx);
    return absl::OkStatus();
  }));
}

orchestrator::Transfer ApiServer::Insert(const std::string& id, const std::string& client,
                                         const std::vector<orchestrator::Cause>& causes) {
  orchestrator::Transfer transfer;
  transfer.id = id;
  transfer.delivery = "d-" + id;
  transfer.requester = "token:hook";
  transfer.entity.source = "demo";
  transfer.entity.type = "version";
  transfer.entity.id = "v-" + id;
  transfer.entity.client = client;
  transfer.entity.project = "nl";
  transfer.entity.name = "sh010_comp";
  transfer.entity.version = "v001";
  transfer.source_site = "lon";
  transfer.destination_site = "van";
  transfer.volume = "proj";
  transfer.path = transfer.destination_path = "northlight/sh010/" + id;
  transfer.purpose = "review";
  transfer.rendezvous = random.Bytes(16);
  transfer.created = transfer.state_since = transfer.not_before = transfer.changed = clock.Now();
  Write([&](pg::Tx& tx) {
    namespace store = orchestrator::store;
    if (!store::InsertTransfer(tx, transfer, id)) throw std::runtime_error("there is a transfer " + id);
    for (const orchestrator::Cause cause : causes) {
      const auto now = store::GetTransfer(tx, id);
      if (!store::MoveTransfer(tx, *now, {cause, "test", "", "", clock.Now()})) throw std::runtime_error("not moved");
    }
    transfer = *store::GetTransfer(tx, id);
  });
  wakes.Wake(orchestrator::Duty::kWatch);
  return transfer;
}

}  // namespace crossdock::testing
