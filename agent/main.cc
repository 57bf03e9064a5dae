// crossdock-agent: next to a site's storage; scans, hashes, sends, receives, verifies, publishes, and believes nobody
// but the officers. Accepts no connection.
#include <CLI/CLI.hpp>

#include <iostream>
#include <iterator>
#include <string>
#include <thread>

#include "agent/config.h"
#include "agent/examine.h"
#include "agent/identity.h"
#include "agent/own_host.h"
#include "agent/session/attempt_client.h"
#include "agent/session/session.h"
#include "agent/storage/volume_guarantees.h"
#include "agent/tasks/work.h"
#include "agent/tending.h"
#include "agent/witness/witness.h"
#include "lib/base/log.h"
#include "lib/base/periodic.h"
#include "lib/base/process.h"
#include "lib/base/status.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/log.h"
#include "lib/rpc/tls.h"

namespace crossdock::agent {
namespace {

using std::chrono::milliseconds;

absl::StatusOr<Volumes> OpenVolumes(const Config& config, FileCalls& calls) {
  Volumes volumes;
  for (const auto& [name, each] : config.volumes) {
    ASSIGN_OR_RETURN(
        volumes[name],
        Volume::Open(name, each.root, {each.keep_attributes, each.merge_allowed, each.replace_allowed, each.durability},
                     calls));
  }
  return volumes;
}

RecordOrigin RecordsOf(const Config& config) {
  RecordOrigin origin{config.site, CROSSDOCK_VERSION, {}};
  for (const auto& [name, each] : config.volumes) origin.formats[name] = each.record_formats;
  return origin;
}

ReleaseCheck ReleaseOf(const Config& config, const std::optional<ScanHook>& hook) {
  ReleaseCheck release;
  if (hook) release.scan = &*hook;
  for (const auto& [name, each] : config.volumes) release.roots[name] = each.root;
  return release;
}

void SayGuarantees(const Volumes& volumes, base::Random& random) {
  for (const auto& [name, volume] : volumes) {
    LOG_INFO("volume", {{"volume", name}, {"guarantees", Describe(ProbeVolume(*volume, random))}});
  }
}

absl::Status RenewWhenDue(const Config& config, const Identity& identity, base::Instant now) {
  ASSIGN_OR_RETURN(const base::Instant due, RenewalTime(config));
  if (now < due) return absl::OkStatus();
  RETURN_IF_ERROR(Renew(config, identity));
  LOG_INFO("the certificate was renewed", {});
  return absl::OkStatus();
}

absl::Status Run(const Config& config, bool check) {
  const base::SystemClock clock;
  base::SystemRandom random;
  SystemFileCalls calls;
  ASSIGN_OR_RETURN(Volumes volumes, OpenVolumes(config, calls));
  ASSIGN_OR_RETURN(const Identity identity, LoadIdentity(config));
  const IdentityPaths paths(config.state);
  ASSIGN_OR_RETURN(const net::TlsKey tls_key, net::TlsKey::Load(paths.tls_key));
  ASSIGN_OR_RETURN(const std::unique_ptr<TrustStore> store, TrustStore::Open(config.state));
  if (check) return absl::OkStatus();
  SayGuarantees(volumes, random);

  const auto dial = [&](const std::string& address) {
    rpc::ChannelOptions options;
    options.server = address;
    options.ca_path = paths.ca;
    options.certificate_path = paths.certificate;
    options.key_path = paths.tls_key;
    options.trust_domain = config.trust_domain;
    return rpc::MakeChannel(options);
  };
  ASSIGN_OR_RETURN(const auto calls_channel, dial(identity.orchestrator));
  AttemptClient reports(calls_channel, random);

  const WarrantCheck warrants(config.site, *store, clock);
  const Receipts receipts(paths.receipts, config.agent, config.site, identity.key);
  std::optional<ScanHook> hook;
  if (config.release_scan) hook.emplace(config.release_scan->program, config.release_scan->within, clock);
  Work work({config.agent, volumes, reports, warrants, receipts, RelayLegMaker(tls_key), clock, RecordsOf(config),
             ReleaseOf(config, hook)});
  TaskBoard board(config.limits, work, clock);
  Tending tending(tls_key, clock);
  Witness witness(
      paths.witness, config.trust_domain,
      transparency::NoteNameOf(base::StrCat(config.trust_domain, "/site/", config.site, "/agent/", config.agent)),
      identity.key);
  OwnHost host(config.site, paths.sessions, volumes, *store, tending, witness, clock);

  SessionOptions session_options;
  session_options.version = CROSSDOCK_VERSION;
  session_options.address = identity.orchestrator;
  session_options.identity = identity.identity;
  session_options.grant = identity.grant;
  Session session(session_options, dial, board, host, clock, random);

  base::PeriodicLoop renewal("certificate", milliseconds(5'000), clock,
                             [&](base::Instant now) { return RenewWhenDue(config, identity, now); });
  std::jthread recovery([&](const std::stop_token& stop) { work.Recover(stop); });
  std::jthread running([&](const std::stop_token& stop) { session.Run(stop); });

  LOG_INFO("agent is ready", {{"agent", config.agent}, {"site", config.site}, {"roster", store->roster()->number()}});
  const int signal = base::WaitForStop();
  LOG_INFO("agent stops", {{"signal", signal}});
  board.Shutdown("the agent is stopping");
  return absl::OkStatus();
}

// Without a configuration: the host alone, before anything is installed.
absl::StatusOr<bool> Doctor(const std::string& config_path, const std::string& rate, const std::string& round_trip,
                            bool json) {
  Config config;
  if (!config_path.empty()) {
    ASSIGN_OR_RETURN(config, LoadConfig(config_path));
  }
  ASSIGN_OR_RETURN(const host::Line line, host::ParseLine(rate, round_trip));
  const std::vector<host::Finding> findings = Examine(host::ReadFacts(), config, line);
  std::cout << (json ? host::RenderJson(findings)
                     : host::RenderText("This host as an agent, for " + host::Describe(line) + ":", findings));
  return !host::HasProblem(findings);
}

std::string ReadToken() { return {std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>()}; }

// What a wrong command line or configuration ends with.
constexpr int kUsage = 2;

int Main(int argc, char** argv) {
  base::SetUpProcess();
  base::ConfigureLog("crossdock-agent", base::LogLevel::kInfo);
  CLI::App app{"Crossdock's agent: moves packages between its site's storage and the other sites' agents."};
  std::string path;
  bool check = false;
  bool enrol = false;
  bool doctor = false;
  bool json = false;
  std::string rate = "1Gbit/s";
  std::string round_trip = "150ms";
  app.add_option("--config", path, "YAML; see deploy/config/agent.example.yaml");
  app.add_flag("--check-config", check, "reads the configuration and the state, says what is wrong, and ends");
  app.add_flag("--enrol", enrol, "joins the site, with a join token on standard input, and ends");
  auto* doctor_option = app.add_flag("--doctor", doctor,
                                     "says what of this host limits an agent, and the line to change; ends with 1 when "
                                     "there is a problem. --config: its volumes as well");
  app.add_option("--rate", rate, "with --doctor: of the line to other sites")
      ->capture_default_str()
      ->needs(doctor_option);
  app.add_option("--rtt", round_trip, "with --doctor: its round trip")->capture_default_str()->needs(doctor_option);
  app.add_flag("--json", json, "with --doctor: for programs")->needs(doctor_option);
  app.set_version_flag("--version", std::string("crossdock-agent ") + CROSSDOCK_VERSION);
  try {
    app.parse(argc, argv);
    if (!doctor && path.empty()) throw CLI::RequiredError("--config");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (doctor) {
    const absl::StatusOr<bool> healthy = Doctor(path, rate, round_trip, json);
    if (healthy.ok()) return *healthy ? 0 : 1;
    std::cerr << "crossdock-agent: " << healthy.status().message() << '\n';
    return kUsage;
  }
  const absl::StatusOr<Config> config = LoadConfig(path);
  absl::Status status = config.status();
  if (status.ok()) status = rpc::TlsLockDown();
  if (status.ok()) rpc::RouteGrpcLog();
  if (status.ok() && enrol) {
    const base::SystemClock clock;
    base::SystemRandom random;
    status = Enrol(*config, ReadToken(), clock, random);
    if (status.ok()) std::cout << "enrolled: agent " << config->agent << " at site " << config->site << '\n';
  } else if (status.ok()) {
    status = Run(*config, check);
    if (status.ok() && check) std::cout << path << ": ok\n";
  }
  if (status.ok()) return 0;
  std::cerr << "crossdock-agent: " << base::ReasonOf(status) << (base::ReasonOf(status).empty() ? "" : ": ")
            << status.message() << '\n';
  return check || enrol || !config.ok() ? kUsage : 1;
}

}  // namespace
}  // namespace crossdock::agent

int main(int argc, char** argv) { return crossdock::agent::Main(argc, argv); }
