#include "cli/connection.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "lib/base/file.h"
#include "lib/base/status.h"
#include "lib/yaml/map.h"
#include "lib/yaml/parse.h"

namespace crossdock::cli {
namespace {

constexpr char kSchema[] = "crossdock/cli/v1";

// The configuration file, or "" when there is none to read.
std::string ConfigurationPath() {
  if (const char* named = std::getenv("CROSSDOCK_CONFIG"); named != nullptr && *named != '\0') return named;
  const char* home = std::getenv("HOME");
  if (home == nullptr) return "";
  const std::string usual = base::StrCat(home, "/.config/crossdock/cli.yaml");
  return std::filesystem::exists(usual) ? usual : "";
}

absl::StatusOr<ConnectionFlags> ReadConfiguration(const std::string& path) {
  ConnectionFlags read;
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, 64u << 10));
  ASSIGN_OR_RETURN(yaml::Map map, yaml::Parse(text, path));
  RETURN_IF_ERROR(map.OneOf("schema", {kSchema}).status());
  const auto resolve = [&](const char* name) -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const std::string file, map.StringOr(name, ""));
    if (file.empty()) return file;
    return (std::filesystem::path(path).parent_path() / file).string();
  };
  ASSIGN_OR_RETURN(read.server, map.StringOr("server", ""));
  ASSIGN_OR_RETURN(read.ca, resolve("ca"));
  ASSIGN_OR_RETURN(read.cert, resolve("cert"));
  ASSIGN_OR_RETURN(read.key, resolve("key"));
  ASSIGN_OR_RETURN(read.token_file, resolve("token_file"));
  ASSIGN_OR_RETURN(std::optional<yaml::Map> sign_in, map.OptionalSubMap("sign_in"));
  if (sign_in) {
    ASSIGN_OR_RETURN(read.sign_in.issuer, sign_in->String("issuer", 1024));
    ASSIGN_OR_RETURN(read.sign_in.client_id, sign_in->String("client_id", 256));
    ASSIGN_OR_RETURN(read.sign_in.ca, sign_in->StringOr("ca", ""));
    RETURN_IF_ERROR(sign_in->Finish());
  }
  RETURN_IF_ERROR(map.Finish());
  return read;
}

// Those of identity providers are long.
constexpr size_t kTokenSizeMax = 16u << 10;

absl::StatusOr<std::string> ReadToken(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return base::FailedPrecondition("token file ", path, " may be read by others: chmod 600 ", path);
  }
  ASSIGN_OR_RETURN(std::string token, base::ReadFile(path, kTokenSizeMax));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  if (token.empty()) return base::InvalidArgument("token file ", path, " is empty");
  return token;
}

}  // namespace

void AddConnectionFlags(CLI::App& app, ConnectionFlags& flags) {
  app.add_option("--server", flags.server, "the orchestrator, host:port")->group("Connection");
  app.add_option("--ca", flags.ca, "file with the CA certificate (PEM)")->group("Connection");
  app.add_option("--cert", flags.cert, "file with your certificate (PEM)")->group("Connection");
  app.add_option("--key", flags.key, "file with your certificate's key (PEM)")->group("Connection");
  app.add_option("--token-file", flags.token_file, "file with your API token, mode 0600")->group("Connection");
  app.add_option("--for", flags.acting_for, "act for this client, with the roles that you hold for it alone")
      ->group("Connection");
  app.add_option("--timeout", flags.timeout_seconds, "seconds that one call may take")
      ->check(CLI::Range(1, 3600))
      ->group("Connection");
}

absl::StatusOr<ConnectionFlags> WithConfiguration(const ConnectionFlags& flags) {
  ConnectionFlags merged = flags;
  if (const std::string path = ConfigurationPath(); !path.empty()) {
    ASSIGN_OR_RETURN(const ConnectionFlags file, ReadConfiguration(path));
    if (merged.server.empty()) merged.server = file.server;
    if (merged.ca.empty()) merged.ca = file.ca;
    // Credentials are taken from one place as a whole: a token on the command line silences the file's certificate.
    if (merged.cert.empty() && merged.key.empty() && merged.token_file.empty()) {
      merged.cert = file.cert;
      merged.key = file.key;
      merged.token_file = file.token_file;
    }
    merged.sign_in = file.sign_in;
  }
  return merged;
}

std::unique_ptr<grpc::ClientContext> ContextOf(const ConnectionFlags& flags, std::chrono::milliseconds timeout) {
  auto context = rpc::CallWithin(timeout);
  if (!flags.acting_for.empty()) context->AddMetadata(rpc::kActingForHeader, flags.acting_for);
  return context;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ConnectionFlags& flags) {
  ASSIGN_OR_RETURN(const ConnectionFlags merged, WithConfiguration(flags));
  const char* where = " (or in ~/.config/crossdock/cli.yaml)";
  if (merged.server.empty()) return base::InvalidArgument("no orchestrator named: give --server host:port", where);
  if (merged.ca.empty()) return base::InvalidArgument("no CA certificate named: give --ca FILE", where);
  if (merged.cert.empty() != merged.key.empty()) return base::InvalidArgument("--cert and --key go together", where);
  rpc::ChannelOptions options;
  options.server = merged.server;
  options.ca_path = merged.ca;
  options.certificate_path = merged.cert;
  options.key_path = merged.key;
  if (!merged.token_file.empty()) {
    ASSIGN_OR_RETURN(options.token, ReadToken(merged.token_file));
  }
  return rpc::MakeChannel(options);
}

}  // namespace crossdock::cli
