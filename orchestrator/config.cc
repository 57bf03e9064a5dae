#include "orchestrator/config.h"

#include <utility>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/yaml/map.h"
#include "lib/yaml/parse.h"

namespace crossdock::orchestrator {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kStagingKeepMax = std::chrono::hours(24 * 30);

absl::StatusOr<TlsFiles> ReadTls(yaml::Map map) {
  TlsFiles files;
  ASSIGN_OR_RETURN(files.certificate, map.String("certificate"));
  ASSIGN_OR_RETURN(files.key, map.String("key"));
  RETURN_IF_ERROR(map.Finish());
  return files;
}

absl::Status ReadListen(yaml::Map map, Config& config) {
  ASSIGN_OR_RETURN(config.listen_agents, map.String("agents"));
  ASSIGN_OR_RETURN(config.listen_api, map.String("api"));
  ASSIGN_OR_RETURN(config.agents_address, map.StringOr("agents_address", config.listen_agents));
  return map.Finish();
}

absl::Status ReadAssetDatabase(yaml::Map map, Config& config) {
  AssetDatabaseConfig database;
  ASSIGN_OR_RETURN(database.name, map.String("name", 64));
  ASSIGN_OR_RETURN(database.conninfo, map.String("conninfo"));
  for (const AssetDatabaseConfig& other : config.asset_databases) {
    if (other.name == database.name) return map.Error("name", "a second asset database '", database.name, "'");
  }
  config.asset_databases.push_back(std::move(database));
  return map.Finish();
}

absl::StatusOr<std::vector<rpc::Role>> ReadRoles(yaml::Map& map) {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, map.StringList("roles"));
  std::vector<rpc::Role> roles;
  for (const std::string& name : names) {
    const std::optional<rpc::Role> known = rpc::RoleOf(name);
    if (!known) return map.Error("roles", "there is no role '", name, "'");
    roles.push_back(*known);
  }
  return roles;
}

absl::Status ReadUser(yaml::Map map, Config& config) {
  ASSIGN_OR_RETURN(const std::string name, map.String("name", 63));
  const std::string id = rpc::FormatSpiffeId({rpc::PeerKind::kUser, config.trust_domain, "", name});
  ASSIGN_OR_RETURN(config.users[id], ReadRoles(map));
  return map.Finish();
}

absl::StatusOr<oidc::Provider> ReadProvider(yaml::Map& map) {
  oidc::Provider provider;
  ASSIGN_OR_RETURN(provider.issuer, map.String("issuer", 1024));
  if (!provider.issuer.starts_with("https://")) return map.Error("issuer", "an https:// address is expected");
  ASSIGN_OR_RETURN(provider.audience, map.String("audience", 256));
  ASSIGN_OR_RETURN(const std::vector<std::string> algorithms, map.StringList("algorithms"));
  for (const std::string& name : algorithms) {
    const auto algorithm = oidc::AlgorithmOf(name);
    if (!algorithm) return map.Error("algorithms", "'", name, "' is none of RS256, PS256, ES256, EdDSA");
    provider.algorithms.push_back(*algorithm);
  }
  if (algorithms.empty()) return map.Error("algorithms", "at least one is needed");
  ASSIGN_OR_RETURN(provider.person_claim, map.StringOr("person_claim", provider.person_claim, 64));
  ASSIGN_OR_RETURN(provider.groups_claim, map.StringOr("groups_claim", provider.groups_claim, 64));
  ASSIGN_OR_RETURN(std::optional<yaml::Map> factor, map.OptionalSubMap("second_factor"));
  if (factor) {
    ASSIGN_OR_RETURN(provider.mfa_methods, factor->StringListOrEmpty("amr"));
    ASSIGN_OR_RETURN(provider.mfa_classes, factor->StringListOrEmpty("acr"));
    RETURN_IF_ERROR(factor->Finish());
  }
  return provider;
}

absl::Status ReadIdentityProvider(yaml::Map map, Config& config) {
  IdentityProvider read;
  ASSIGN_OR_RETURN(read.provider, ReadProvider(map));
  for (const IdentityProvider& other : config.identity_providers) {
    if (other.provider.issuer == read.provider.issuer) return map.Error("issuer", "a second provider of this issuer");
  }
  ASSIGN_OR_RETURN(read.ca, map.StringOr("ca", ""));
  ASSIGN_OR_RETURN(std::vector<yaml::Map> groups, map.SubMaps("groups"));
  for (yaml::Map& group : groups) {
    ASSIGN_OR_RETURN(const std::string name, group.String("name", 256));
    if (read.roles.contains(name)) return group.Error("name", "a second group '", name, "'");
    ASSIGN_OR_RETURN(read.roles[name], ReadRoles(group));
    RETURN_IF_ERROR(group.Finish());
  }
  config.identity_providers.push_back(std::move(read));
  return map.Finish();
}

absl::Status ReadNotify(yaml::Map map, Config& config) {
  NotifyConfig read;
  ASSIGN_OR_RETURN(read.recipient, map.String("recipient", 256));
  for (const NotifyConfig& other : config.notify) {
    if (other.recipient == read.recipient) return map.Error("recipient", "a second recipient of this name");
  }
  if (map.Has("mail")) {
    ASSIGN_OR_RETURN(read.mail, map.String("mail", 254));
    if (!mail::IsAddress(read.mail)) return map.Error("mail", "one address such as desk@studio.example is expected");
    if (!config.mail) return map.Error("mail", "no mail server is configured; add `mail:`");
  } else {
    ASSIGN_OR_RETURN(read.webhook, map.String("webhook", 1024));
    if (!read.webhook.starts_with("https://")) return map.Error("webhook", "an https:// address is expected");
    ASSIGN_OR_RETURN(read.key, map.String("key"));
    ASSIGN_OR_RETURN(read.ca, map.StringOr("ca", ""));
  }
  config.notify.push_back(std::move(read));
  return map.Finish();
}

absl::Status ReadMail(yaml::Map map, Config& config) {
  MailConfig read;
  ASSIGN_OR_RETURN(read.server.host, map.String("host", 253));
  if (!mail::IsHost(read.server.host)) return map.Error("host", "a host's name or address is expected");
  ASSIGN_OR_RETURN(const int64_t port, map.IntOr("port", read.server.port, 1, 65535));
  read.server.port = static_cast<uint16_t>(port);
  ASSIGN_OR_RETURN(read.from, map.String("from", 254));
  if (!mail::IsAddress(read.from)) return map.Error("from", "an address such as crossdock@studio.example is expected");
  ASSIGN_OR_RETURN(read.server.ca, map.StringOr("ca", ""));
  // What stays on this host needs no encryption, unless somebody says by whose authority there is one.
  read.server.starttls = !mail::IsLoopback(read.server.host) || !read.server.ca.empty();
  ASSIGN_OR_RETURN(std::optional<yaml::Map> login, map.OptionalSubMap("login"));
  if (login) {
    if (!read.server.starttls) return map.Error("login", "no password goes unencrypted; say with `ca` whom to believe");
    ASSIGN_OR_RETURN(read.server.user, login->String("user", 254));
    ASSIGN_OR_RETURN(read.password, login->String("password_file"));
    RETURN_IF_ERROR(login->Finish());
  }
  config.mail = std::move(read);
  return map.Finish();
}

absl::Status ReadLimits(yaml::Map map, Config& config) {
  ASSIGN_OR_RETURN(const int64_t streams, map.IntOr("streams", config.streams, 1, 64));
  config.streams = static_cast<int>(streams);
  ASSIGN_OR_RETURN(config.lease, map.DurationOr("lease", config.lease, milliseconds(2'000), milliseconds(600'000)));
  ASSIGN_OR_RETURN(config.report, map.DurationOr("report", config.report, milliseconds(100), milliseconds(60'000)));
  ASSIGN_OR_RETURN(config.poll, map.DurationOr("poll", config.poll, milliseconds(100), milliseconds(60'000)));
  ASSIGN_OR_RETURN(config.agents_poll,
                   map.DurationOr("agents_poll", config.agents_poll, milliseconds(1'000), milliseconds(60'000)));
  ASSIGN_OR_RETURN(config.reconcile,
                   map.DurationOr("reconcile", config.reconcile, milliseconds(1'000), milliseconds(86'400'000)));
  ASSIGN_OR_RETURN(config.staging_keep,
                   map.DurationOr("staging_keep", config.staging_keep, milliseconds(0), kStagingKeepMax));
  ASSIGN_OR_RETURN(config.certificate_life, map.DurationOr("certificate_life", config.certificate_life,
                                                           milliseconds(10'000), pki::kLeafLifetimeMax));
  return map.Finish();
}

}  // namespace

absl::StatusOr<Config> ParseConfig(std::string_view text, std::string_view file) {
  ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(text, file));
  RETURN_IF_ERROR(map.OneOf("schema", {"crossdock/orchestrator/v1"}).status());
  Config config;
  ASSIGN_OR_RETURN(config.name, map.StringOr("name", "orchestrator", 63));
  ASSIGN_OR_RETURN(config.trust_domain, map.String("trust_domain", 255));
  ASSIGN_OR_RETURN(config.roster_root, map.String("roster_root", 64));
  if (config.roster_root.find_first_not_of("0123456789abcdef") != std::string::npos || config.roster_root.size() != 64)
    return map.Error("roster_root", "64 lower-case hex digits are expected; `crossdock officer init` prints them");
  ASSIGN_OR_RETURN(config.database, map.String("database"));
  ASSIGN_OR_RETURN(yaml::Map listen, map.SubMap("listen"));
  RETURN_IF_ERROR(ReadListen(std::move(listen), config));
  ASSIGN_OR_RETURN(yaml::Map tls, map.SubMap("tls"));
  ASSIGN_OR_RETURN(config.tls, ReadTls(std::move(tls)));
  ASSIGN_OR_RETURN(yaml::Map ca, map.SubMap("ca"));
  ASSIGN_OR_RETURN(config.ca, ReadTls(std::move(ca)));
  ASSIGN_OR_RETURN(config.ticket_key, map.String("ticket_key"));
  ASSIGN_OR_RETURN(config.audit_key, map.StringOr("audit_key", ""));
  ASSIGN_OR_RETURN(const std::vector<yaml::Map> databases, map.SubMapsOrEmpty("asset_databases"));
  for (const yaml::Map& each : databases) RETURN_IF_ERROR(ReadAssetDatabase(each, config));
  ASSIGN_OR_RETURN(const std::vector<yaml::Map> users, map.SubMapsOrEmpty("users"));
  for (const yaml::Map& each : users) RETURN_IF_ERROR(ReadUser(each, config));
  ASSIGN_OR_RETURN(const std::vector<yaml::Map> providers, map.SubMapsOrEmpty("identity_providers"));
  for (const yaml::Map& each : providers) RETURN_IF_ERROR(ReadIdentityProvider(each, config));
  ASSIGN_OR_RETURN(const std::optional<yaml::Map> mail, map.OptionalSubMap("mail"));
  if (mail) RETURN_IF_ERROR(ReadMail(*mail, config));
  ASSIGN_OR_RETURN(const std::vector<yaml::Map> recipients, map.SubMapsOrEmpty("notify"));
  for (const yaml::Map& each : recipients) RETURN_IF_ERROR(ReadNotify(each, config));
  ASSIGN_OR_RETURN(const std::optional<yaml::Map> limits, map.OptionalSubMap("limits"));
  if (limits) RETURN_IF_ERROR(ReadLimits(*limits, config));
  RETURN_IF_ERROR(map.Finish());
  return config;
}

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, 1u << 20));
  return ParseConfig(text, path);
}

}  // namespace crossdock::orchestrator
