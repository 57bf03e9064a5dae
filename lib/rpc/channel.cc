#include "lib/rpc/channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <vector>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/rpc/identity.h"

namespace crossdock::rpc {
namespace {

constexpr int kKeepaliveMilliseconds = 20'000;
constexpr int kKeepaliveTimeoutMilliseconds = 10'000;
constexpr int kMessageSizeMax = 64 << 20;
constexpr int kReconnectMaxMilliseconds = 10'000;
constexpr unsigned kCertificateRefreshSeconds = 2;
constexpr int kChainLengthMax = 8;

using OwnedX509 = std::unique_ptr<X509, void (*)(X509*)>;

absl::Status CheckServerName(std::string_view pem, const std::string& trust_domain) {
  ASSIGN_OR_RETURN(const PeerCertificate certificate, ReadPeerCertificate(pem));
  if (certificate.id.kind != PeerKind::kOrchestrator) {
    return base::PermissionDenied("the server is ", FormatSpiffeId(certificate.id), ", not an orchestrator");
  }
  if (!trust_domain.empty() && certificate.id.trust_domain != trust_domain) {
    return base::PermissionDenied("the server is ", FormatSpiffeId(certificate.id), ", not of trust domain ",
                                  trust_domain);
  }
  return absl::OkStatus();
}

std::vector<OwnedX509> ReadChain(std::string_view pem) {
  std::vector<OwnedX509> chain;
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  while (chain.size() < kChainLengthMax) {
    OwnedX509 next(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
    if (!next) break;
    chain.push_back(std::move(next));
  }
  return chain;
}

std::string DigestOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return "";
  const std::string digest = base::ToHex(base::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)}));
  OPENSSL_free(der);
  return digest;
}

// The chain must verify against its own member with the pinned digest as the only root.
absl::Status CheckPinnedChain(std::string_view pem, const std::string& ca_sha256) {
  const std::vector<OwnedX509> chain = ReadChain(pem);
  X509* root = nullptr;
  for (const OwnedX509& certificate : chain) {
    if (DigestOf(certificate.get()) == ca_sha256) root = certificate.get();
  }
  if (root == nullptr) {
    return base::PermissionDenied("the server does not show the CA certificate that the join token names (",
                                  ca_sha256.substr(0, 16), "…): wrong address, or somebody in between");
  }
  std::unique_ptr<X509_STORE, void (*)(X509_STORE*)> store(X509_STORE_new(), X509_STORE_free);
  std::unique_ptr<X509_STORE_CTX, void (*)(X509_STORE_CTX*)> context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
  std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> others(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  for (const OwnedX509& certificate : chain) sk_X509_push(others.get(), certificate.get());
  X509_STORE_add_cert(store.get(), root);
  X509_STORE_CTX_init(context.get(), store.get(), chain.front().get(), others.get());
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  if (X509_verify_cert(context.get()) != 1) {
    return base::PermissionDenied("the server's certificate chain does not verify: ",
                                  X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())));
  }
  return absl::OkStatus();
}

class ServerVerifier : public grpc::experimental::ExternalCertificateVerifier {
 public:
  // With a pin the chain is checked here, because TLS did not.
  ServerVerifier(std::string trust_domain, std::string ca_sha256)
      : trust_domain_(std::move(trust_domain)), ca_sha256_(std::move(ca_sha256)) {}

  bool Verify(grpc::experimental::TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    absl::Status checked = CheckServerName({request->peer_cert().data(), request->peer_cert().size()}, trust_domain_);
    if (checked.ok() && !ca_sha256_.empty()) {
      const auto chain = request->peer_cert_full_chain();
      checked = CheckPinnedChain({chain.data(), chain.size()}, ca_sha256_);
    }
    if (!checked.ok()) LOG_WARNING("server certificate refused", {{"detail", base::ToStd(checked.message())}});
    *sync_status = checked.ok() ? grpc::Status::OK
                                : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(checked.message()));
    return true;
  }
  void Cancel(grpc::experimental::TlsCustomVerificationCheckRequest*) override {}

 private:
  const std::string trust_domain_;
  const std::string ca_sha256_;
};

std::shared_ptr<grpc::Channel> Connect(const std::string& server,
                                       const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMilliseconds);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMaxMilliseconds);
  // A connection of its own: gRPC would share one between channels with equal arguments, and so their identities.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // What an agent should be doing is one message: tasks with their papers, and calendars.
  arguments.SetInt(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, kMessageSizeMax);
  // Proxies in the environment are not for us: the orchestrator is inside.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(server, credentials, arguments);
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(const ChannelOptions& options) {
  using namespace grpc::experimental;  // NOLINT: half of these names live there
  RETURN_IF_ERROR(base::ReadFile(options.ca_path).status());
  TlsChannelCredentialsOptions tls;
  if (options.certificate_path.empty()) {
    tls.set_certificate_provider(
        std::make_shared<FileWatcherCertificateProvider>(options.ca_path, kCertificateRefreshSeconds));
  } else {
    for (const std::string& path : {options.certificate_path, options.key_path}) {
      RETURN_IF_ERROR(base::ReadFile(path).status());
    }
    tls.set_certificate_provider(std::make_shared<FileWatcherCertificateProvider>(
        options.key_path, options.certificate_path, options.ca_path, kCertificateRefreshSeconds));
    tls.watch_identity_key_cert_pairs();
  }
  tls.watch_root_certs();
  tls.set_verify_server_certs(true);
  tls.set_check_call_host(false);  // the name is the SPIFFE one
  tls.set_certificate_verifier(ExternalCertificateVerifier::Create<ServerVerifier>(options.trust_domain, ""));
  std::shared_ptr<grpc::ChannelCredentials> credentials = TlsCredentials(tls);
  if (!options.token.empty()) {
    credentials = grpc::CompositeChannelCredentials(credentials, grpc::AccessTokenCredentials(options.token));
  }
  return Connect(options.server, credentials);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> MakePinnedChannel(const std::string& server,
                                                                 const std::string& ca_sha256) {
  using namespace grpc::experimental;  // NOLINT: half of these names live there
  const auto digest = base::FromHex(ca_sha256);
  if (!digest.ok() || digest->size() != base::kSha256Size) {
    return base::InvalidArgument("'", ca_sha256, "' is not a SHA-256 in lower hex");
  }
  TlsChannelCredentialsOptions tls;
  tls.set_verify_server_certs(false);  // the verifier does, against the pin
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(ExternalCertificateVerifier::Create<ServerVerifier>("", ca_sha256));
  return Connect(server, TlsCredentials(tls));
}

std::unique_ptr<grpc::ClientContext> CallWithin(std::chrono::milliseconds timeout, bool wait_for_ready) {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + timeout);
  context->set_wait_for_ready(wait_for_ready);
  return context;
}

}  // namespace crossdock::rpc
