// Channels to an orchestrator: always TLS, the server known by its SPIFFE name, keepalive on, a deadline on each call.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace crossdock::rpc {

struct ChannelOptions {
  std::string server;            // "host:port"
  std::string ca_path;           // PEM; the server's certificate must chain to it
  std::string certificate_path;  // PEM, with key_path: who we are; both empty for a token or nobody
  std::string key_path;
  std::string token;         // an API token's secret, sent with each call
  std::string trust_domain;  // empty: any; else the server's name must be in it
};

// The connection is made by the first call; files are read again when they change. Fails when a file is missing.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options);

// For enrolment, before there is any CA file: the server must send a chain that ends in the CA certificate with this
// SHA-256 (lower hex, of the DER), and each certificate of it must be signed by the next and be valid now.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakePinnedChannel(const std::string& server,
                                                                 const std::string& ca_sha256);

// A context for one call that must end within `timeout`. With `wait_for_ready` the call waits for a connection instead
// of failing at once while there is none.
std::unique_ptr<grpc::ClientContext> CallWithin(std::chrono::milliseconds timeout, bool wait_for_ready = false);

}  // namespace crossdock::rpc
