#include "lib/net/tls_context.h"

#include <openssl/ssl.h>

#include "lib/base/check.h"
#include "lib/net/tls_verify.h"

namespace crossdock::net {
namespace {

// One self-signed P-256 certificate is a few hundred bytes; a flood of certificates is not read.
constexpr long kCertificatesSizeMax = 4096;
constexpr size_t kBulkReadBuffer = 256u << 10;

}  // namespace

TlsContext::TlsContext(const TlsKey& key, TlsRole role, TlsUse use)
    : role_(role),
      context_(SSL_CTX_new(role == TlsRole::kClient ? TLS_client_method() : TLS_server_method()), SSL_CTX_free) {
  SSL_CTX* context = context_.get();
  INVARIANT(context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
            SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
            SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384") == 1 &&
            SSL_CTX_set1_groups_list(context, "X25519:P-256") == 1 &&
            SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") == 1 &&
            SSL_CTX_use_certificate(context, key.certificate()) == 1 && SSL_CTX_use_PrivateKey(context, key.key()) == 1)
      << "this OpenSSL lacks TLS 1.3 with AES-256-GCM";
  SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_recv_max_early_data(context, 0);
  SSL_CTX_set_max_cert_list(context, kCertificatesSizeMax);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, VerifyByKey, nullptr);
  if (use == TlsUse::kBulk) {
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, kBulkReadBuffer);
  } else {
    SSL_CTX_set_read_ahead(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  }
}

}  // namespace crossdock::net
