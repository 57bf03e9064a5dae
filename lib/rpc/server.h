// Server is one gRPC server behind our own accept loops: unary sync methods and streaming callback methods, on one or
// more ports, each call let in by the gate.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/rpc/acceptor.h"
#include "lib/rpc/gate.h"

namespace grpc {
class Server;
class Service;
namespace experimental {
class ExternalConnectionAcceptor;
}
}  // namespace grpc

namespace crossdock::rpc {

struct PortOptions {
  PortKind kind = PortKind::kApi;
  std::string address;           // "host:port"; port 0 picks one
  std::string certificate_path;  // PEM chain; the key must be on an elliptic curve
  std::string key_path;          // PEM
  std::string ca_path;           // PEM; client certificates must chain to it
  AcceptorLimits limits;
};

struct ServerOptions {
  std::vector<PortOptions> ports;
  int threads_max = 64;  // that unary handlers may occupy; further calls get RESOURCE_EXHAUSTED
  // Files are looked at this often; new connections use what they found, old ones stay.
  std::chrono::seconds certificate_refresh{1};
  std::chrono::milliseconds connection_age_max = std::chrono::minutes(45);
};

struct ServedService {
  grpc::Service* service;  // not owned; outlives the server
  std::string full_name;   // EventService::service_full_name()
};

// Start and Stop from one thread.
class Server {
 public:
  // Serves at once. Fails when an address is taken, a file is missing or unfit, or the gate has no rule for a method of
  // `services`. The gate must outlive the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, const Gate& gate,
                                                       const std::vector<ServedService>& services);
  ~Server();

  // The port of options.ports[index], also when that was 0.
  int port(size_t index) const;
  // Accepts no more, lets calls end for `grace`, cuts what is left. Idempotent.
  void Stop(std::chrono::milliseconds grace = std::chrono::seconds(5));

 private:
  Server() = default;

  struct Port {
    std::unique_ptr<Acceptor> acceptor;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> connections;
  };
  std::vector<Port> ports_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace crossdock::rpc
