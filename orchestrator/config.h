// The orchestrator's configuration: strict YAML, every key in deploy/config/orchestrator.example.yaml.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/mail/mail.h"
#include "lib/oidc/token.h"
#include "lib/pki/authority.h"
#include "lib/rpc/caller.h"

namespace crossdock::orchestrator {

struct TlsFiles {
  std::string certificate;
  std::string key;
};

struct AssetDatabaseConfig {
  std::string name;
  std::string conninfo;
};

struct IdentityProvider {
  oidc::Provider provider;
  std::string ca;                                       // file; empty: the system's authorities
  std::map<std::string, std::vector<rpc::Role>> roles;  // group → roles
};

struct NotifyConfig {
  std::string recipient;  // as policies write it
  std::string webhook;    // https address; empty: it is told by mail
  std::string key;        // file
  std::string ca;         // file; empty: the system's authorities
  std::string mail;       // address; empty: it is told by webhook
};

struct MailConfig {
  std::string from;      // address
  mail::Server server;   // without its password
  std::string password;  // file; empty: without signing in
};

struct Config {
  std::string name;
  std::string trust_domain;
  std::string roster_root;  // SHA-256, lower hex
  std::string database;     // conninfo as libpq takes it, without a password
  std::string listen_agents;
  std::string listen_api;
  std::string agents_address;  // what enrolled agents dial; empty: listen_agents
  TlsFiles tls;
  TlsFiles ca;             // the built-in CA, which issues agents' certificates
  std::string ticket_key;  // file
  std::string audit_key;   // file; empty: no checkpoint of the audit log is signed
  std::vector<AssetDatabaseConfig> asset_databases;
  std::map<std::string, std::vector<rpc::Role>> users;  // SPIFFE name → roles
  std::vector<IdentityProvider> identity_providers;
  std::vector<NotifyConfig> notify;
  std::optional<MailConfig> mail;
  int streams = 8;
  std::chrono::milliseconds lease{20'000};
  std::chrono::milliseconds report{2'000};
  std::chrono::milliseconds poll{2'000};
  std::chrono::milliseconds agents_poll{10'000};
  std::chrono::milliseconds reconcile{300'000};
  std::chrono::milliseconds staging_keep = std::chrono::hours(24);
  std::chrono::milliseconds certificate_life = pki::kLeafLifetime;  // of agents' certificates
};

// YAML_INVALID with line and column.
absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file);
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace crossdock::orchestrator
