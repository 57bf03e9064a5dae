// The way to an orchestrator: flags, then the configuration file.
//
//   schema: crossdock/cli/v1
//   server: orchestrator.demo.studio:7443
//   ca: /home/sam/.config/crossdock/ca.crt
//   token_file: /home/sam/.config/crossdock/token     # or cert: and key:
//   sign_in: {issuer: "https://id.studio.example", client_id: crossdock, ca: /etc/ssl/studio.crt}     # for login
//
// The file is the one that CROSSDOCK_CONFIG names, or ~/.config/crossdock/cli.yaml when there is one. Relative paths in
// it are relative to it. No secret stands in it, in a flag or in the environment: only names of files.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/rpc/caller.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/status.h"

namespace crossdock::cli {

// Where `crossdock login` signs in.
struct SignInFlags {
  std::string issuer;
  std::string client_id;
  std::string ca;  // empty: the system's authorities
};

struct ConnectionFlags {
  std::string server;
  std::string ca;
  std::string cert;
  std::string key;
  std::string token_file;
  std::string acting_for;  // a client: with the roles that are held for that one
  int timeout_seconds = 30;
  SignInFlags sign_in;  // of the file alone
};

void AddConnectionFlags(CLI::App& app, ConnectionFlags& flags);

// Flags and, where they say nothing, the configuration file.
absl::StatusOr<ConnectionFlags> WithConfiguration(const ConnectionFlags& flags);

// Flags win over the file. An error says which setting is missing and where to write it.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const ConnectionFlags& flags);

// The context of a call that may take `timeout`, for the client that the flags name.
std::unique_ptr<grpc::ClientContext> ContextOf(const ConnectionFlags& flags, std::chrono::milliseconds timeout);

// One unary call within the time of the flags.
template <typename Stub, typename Request, typename Response>
absl::StatusOr<Response> Call(const ConnectionFlags& flags, Stub& stub,
                              grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                              const Request& request) {
  Response response;
  const auto context = ContextOf(flags, std::chrono::seconds(flags.timeout_seconds));
  const absl::Status status = rpc::FromGrpc((stub.*method)(context.get(), request, &response));
  if (!status.ok()) return status;
  return response;
}

}  // namespace crossdock::cli
