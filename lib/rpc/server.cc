#include "lib/rpc/server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/rpc/tls.h"

namespace crossdock::rpc {
namespace {

constexpr int kHandshakeTimeoutMilliseconds = 10'000;
constexpr int kMetadataSizeMax = 16 << 10;
constexpr int kConcurrentStreamsMax = 256;  // a connection
constexpr int kMessageSizeMax = 4 << 20;
constexpr size_t kMemoryMax = 1u << 30;
constexpr int kKeepaliveMilliseconds = 20'000;
constexpr int kKeepaliveTimeoutMilliseconds = 10'000;
constexpr int kPingIntervalMinMilliseconds = 5'000;
constexpr int kConnectionGraceMilliseconds = 60'000;

// The second look at a client certificate, after TLS has checked the chain: exactly one SPIFFE name.
class NameVerifier : public grpc::experimental::ExternalCertificateVerifier {
 public:
  explicit NameVerifier(PortKind port) : port_(port) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const std::string pem(request->peer_cert().data(), request->peer_cert().size());
    if (pem.empty() && port_ == PortKind::kApi) {
      *sync_status = grpc::Status::OK;
      return true;
    }
    const auto certificate = ReadPeerCertificate(pem);
    const bool agent = certificate.ok() && certificate->id.kind == PeerKind::kAgent;
    const bool fits = certificate.ok() && (port_ == PortKind::kApi || agent);
    if (!fits) LOG_INFO("client certificate refused", {{"detail", certificate.status().ToString()}});
    *sync_status = fits ? grpc::Status::OK
                        : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, "the certificate's name does not fit here");
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const PortKind port_;
};

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> CredentialsOf(const PortOptions& port,
                                                                       std::chrono::seconds refresh, const Gate& gate) {
  using namespace grpc::experimental;  // NOLINT: half of these names live there
  RETURN_IF_ERROR(CheckServerCertificate(port.certificate_path));
  // gRPC's watcher waits for missing files in silence; a start with a wrong path must fail.
  for (const std::string& path : {port.key_path, port.ca_path}) RETURN_IF_ERROR(base::ReadFile(path).status());
  TlsServerCredentialsOptions options(std::make_shared<FileWatcherCertificateProvider>(
      port.key_path, port.certificate_path, port.ca_path, static_cast<unsigned>(refresh.count())));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(port.kind == PortKind::kAgents
                                    ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                    : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  options.set_certificate_verifier(ExternalCertificateVerifier::Create<NameVerifier>(port.kind));
  auto credentials = TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(gate.ProcessorFor(port.kind));
  return credentials;
}

void SetLimits(grpc::ServerBuilder& builder, const ServerOptions& options) {
  grpc::ResourceQuota quota("server");
  quota.Resize(kMemoryMax);
  quota.SetMaxThreads(options.threads_max);
  builder.SetResourceQuota(quota);
  builder.SetMaxReceiveMessageSize(kMessageSizeMax);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakeTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataSizeMax);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentStreamsMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Our clients ping each 20 s; without this the server answers keepalives with GOAWAY.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMinMilliseconds);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, static_cast<int>(options.connection_age_max.count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, kConnectionGraceMilliseconds);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, const Gate& gate,
                                                      const std::vector<ServedService>& services) {
  std::vector<std::string> names;
  for (const ServedService& served : services) names.push_back(served.full_name);
  RETURN_IF_ERROR(gate.CheckCovers(names));

  std::unique_ptr<Server> server(new Server);
  grpc::ServerBuilder builder;
  SetLimits(builder, options);
  for (const PortOptions& port : options.ports) {
    ASSIGN_OR_RETURN(auto credentials, CredentialsOf(port, options.certificate_refresh, gate));
    ASSIGN_OR_RETURN(auto acceptor, Acceptor::Listen(port.address, port.limits));
    server->ports_.push_back(
        {std::move(acceptor),
         builder.experimental().AddExternalConnectionAcceptor(
             grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, std::move(credentials))});
  }
  for (const ServedService& served : services) builder.RegisterService(served.service);
  server->server_ = builder.BuildAndStart();
  if (!server->server_) return base::Internal("gRPC did not start; its own message stands above in the log");
  for (Port& port : server->ports_) {
    port.acceptor->Start([connections = port.connections.get()](base::UniqueFd fd) {
      grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
      parameters.fd = fd.Release();
      connections->HandleNewConnection(&parameters);
    });
  }
  return server;
}

Server::~Server() { Stop(); }

int Server::port(size_t index) const { return ports_.at(index).acceptor->port(); }

void Server::Stop(std::chrono::milliseconds grace) {
  for (Port& port : ports_) port.acceptor->Stop();
  if (server_) {
    server_->Shutdown(std::chrono::system_clock::now() + grace);
    server_->Wait();
    server_.reset();
  }
}

}  // namespace crossdock::rpc
