// crossdock-relay: joins two connections that hold matching tickets, and splices bytes. Stores nothing, reads nothing.
#include <CLI/CLI.hpp>

#include <filesystem>
#include <iostream>
#include <string>

#include "lib/base/ed25519.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/process.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/host/facts.h"
#include "relay/doctor.h"
#include "relay/server.h"

namespace crossdock::relay {
namespace {

std::string KeyPath(const std::string& state) { return state + "/relay.key"; }
std::string AdminPath(const std::string& state) { return state + "/site_admin"; }

// Makes the relay's identity and pins the site admin; the same again changes nothing.
absl::Status Init(const std::string& state, const std::string& admin_text) {
  ASSIGN_OR_RETURN(const base::PublicKey admin, base::PublicKey::FromText(admin_text));
  std::error_code error;
  std::filesystem::create_directories(state, error);
  if (error) return base::InvalidArgument("cannot make ", state, ": ", error.message());
  std::filesystem::permissions(state, std::filesystem::perms::owner_all, error);
  if (std::filesystem::exists(AdminPath(state))) {
    ASSIGN_OR_RETURN(const std::string pinned, base::ReadFile(AdminPath(state)));
    if (pinned != admin.ToText() + "\n") {
      return base::FailedPrecondition(state, " has pinned another site admin; remove the directory to begin anew");
    }
  }
  ASSIGN_OR_RETURN(const net::TlsKey key, net::TlsKey::LoadOrCreate(KeyPath(state)));
  RETURN_IF_ERROR(base::WriteFileAtomic(AdminPath(state), admin.ToText() + "\n", 0600));
  std::cout << "spki: " << key.spki() << "\n\n"
            << "This relay's configuration, to be completed:\n\n"
            << "schema: crossdock/relay/v1\nname: NAME\nstate: " << std::filesystem::absolute(state).string()
            << "\nlisten:\n  lan: \"INNER-ADDRESS:7420\"\n  wan: \"0.0.0.0:7421\"\n\n"
            << "Next, the site admin: crossdock relay statement NAME --spki (the digest above), crossdock relay add.\n";
  return absl::OkStatus();
}

absl::StatusOr<base::PublicKey> PinnedAdmin(const std::string& state) {
  ASSIGN_OR_RETURN(std::string text, base::ReadFile(AdminPath(state)));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return base::PublicKey::FromText(text);
}

absl::Status Run(const Config& config, bool check) {
  const base::SystemClock clock;
  ASSIGN_OR_RETURN(const net::TlsKey key, net::TlsKey::Load(KeyPath(config.state)));
  ASSIGN_OR_RETURN(const base::PublicKey admin, PinnedAdmin(config.state));
  ASSIGN_OR_RETURN(const std::unique_ptr<Bundles> bundles, Bundles::Open(config.state, admin));
  if (check) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::unique_ptr<Server> server, Server::Start(config, key, *bundles, clock));
  LOG_INFO("relay is ready", {{"name", config.name},
                              {"lan_port", server->lan_port()},
                              {"wan_port", server->wan_port()},
                              {"spki", key.spki()},
                              {"keys_number", bundles->keys_number()}});
  const int signal = base::WaitForStop();
  LOG_INFO("relay stops", {{"signal", signal}});
  server->Stop();
  return absl::OkStatus();
}

// With its limits when there is a configuration; else with the defaults, before anything is installed.
absl::StatusOr<bool> Examine(const std::string& config_path, const std::string& rate, const std::string& round_trip,
                             bool json) {
  Config config;
  if (!config_path.empty()) {
    ASSIGN_OR_RETURN(config, LoadConfig(config_path));
  }
  ASSIGN_OR_RETURN(const host::Line line, host::ParseLine(rate, round_trip));
  const std::vector<host::Finding> findings = Doctor(host::ReadFacts(), config, line);
  std::cout << (json ? host::RenderJson(findings)
                     : host::RenderText("This host as a relay, for " + host::Describe(line) + ":", findings));
  return !host::HasProblem(findings);
}

// What a wrong command line or configuration ends with.
constexpr int kUsage = 2;

int Main(int argc, char** argv) {
  base::SetUpProcess();
  base::ConfigureLog("crossdock-relay", base::LogLevel::kInfo);
  CLI::App app{"Crossdock's relay: stands in the DMZ, joins two connections that hold matching tickets."};
  std::string config_path;
  std::string state;
  std::string admin;
  bool check = false;
  auto* config_option = app.add_option("--config", config_path, "YAML; see deploy/config/relay.example.yaml");
  auto* init_option = app.add_option("--init", state, "makes this relay's key in a directory and prints its digest");
  auto* admin_option =
      app.add_option("--site-admin,--site-admin-key", admin, "with --init: the site admin's key, ed25519:<hex>")
          ->needs(init_option);
  init_option->needs(admin_option);
  app.add_flag("--check-config", check, "reads the configuration and the state, says what is wrong, and ends")
      ->needs(config_option);
  bool doctor = false;
  bool json = false;
  std::string rate = "1Gbit/s";
  std::string round_trip = "150ms";
  auto* doctor_option = app.add_flag("--doctor", doctor,
                                     "says what of this host limits a relay, and the line to change; ends with 1 when "
                                     "there is a problem");
  app.add_option("--rate", rate, "with --doctor: of the line to other sites")
      ->capture_default_str()
      ->needs(doctor_option);
  app.add_option("--rtt", round_trip, "with --doctor: its round trip")->capture_default_str()->needs(doctor_option);
  app.add_flag("--json", json, "with --doctor: for programs")->needs(doctor_option);
  app.set_version_flag("--version", std::string("crossdock-relay ") + CROSSDOCK_VERSION);
  app.require_option(1, 5);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  absl::Status status;
  if (!state.empty()) {
    status = Init(state, admin);
  } else if (doctor) {
    const absl::StatusOr<bool> healthy = Examine(config_path, rate, round_trip, json);
    if (healthy.ok()) return *healthy ? 0 : 1;
    status = healthy.status();
  } else {
    const absl::StatusOr<Config> config = LoadConfig(config_path);
    status = config.ok() ? Run(*config, check) : config.status();
    if (status.ok() && check) std::cout << config_path << ": ok\n";
  }
  if (status.ok()) return 0;
  std::cerr << "crossdock-relay: " << status.message() << '\n';
  return kUsage;
}

}  // namespace
}  // namespace crossdock::relay

int main(int argc, char** argv) { return crossdock::relay::Main(argc, argv); }
