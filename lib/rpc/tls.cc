#include "lib/rpc/tls.h"

#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/file.h"
#include "lib/base/status.h"

namespace crossdock::rpc {
namespace {

// Replaces the distribution's openssl.cnf, so its security level is repeated. No MinProtocol: gRPC overrides it.
constexpr std::string_view kOpenSslConfiguration = R"(openssl_conf = crossdock
[crossdock]
ssl_conf = ssl
[ssl]
system_default = tls
[tls]
CipherString = DEFAULT:@SECLEVEL=2
Ciphersuites = TLS_AES_256_GCM_SHA384
)";

// An ECDHE-RSA suite cannot be used with the EC certificates that we insist on, so no TLS 1.2 handshake succeeds.
constexpr char kTls12Suites[] = "ECDHE-RSA-AES256-GCM-SHA384";

}  // namespace

absl::Status TlsLockDown() {
  // In memory, so that no file can be swapped under us and none is left behind.
  base::UniqueFd file(::memfd_create("openssl.cnf", MFD_CLOEXEC));
  if (!file) return base::Errno(errno, "making the TLS configuration in memory");
  if (::write(file.get(), kOpenSslConfiguration.data(), kOpenSslConfiguration.size()) !=
      static_cast<ssize_t>(kOpenSslConfiguration.size())) {
    return base::Errno(errno, "writing the TLS configuration in memory");
  }
  std::unique_ptr<OPENSSL_INIT_SETTINGS, void (*)(OPENSSL_INIT_SETTINGS*)> settings(OPENSSL_INIT_new(),
                                                                                    OPENSSL_INIT_free);
  const std::string path = base::StrCat("/proc/self/fd/", file.get());
  if (!settings || OPENSSL_INIT_set_config_filename(settings.get(), path.c_str()) != 1) {
    return base::Internal("OpenSSL takes no configuration");
  }
  // Without these flags OpenSSL ignores a configuration that it cannot load.
  OPENSSL_INIT_set_config_file_flags(settings.get(), 0);
  if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, settings.get()) != 1) {
    return base::Internal("OpenSSL did not load the TLS configuration");
  }
  if (::setenv("GRPC_SSL_CIPHER_SUITES", kTls12Suites, 1) != 0) return base::Errno(errno, "setting the TLS suites");

  // Trust nothing that was not looked at: when OpenSSL had been initialized earlier, all of the above was in vain.
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  if (!context) return base::Internal("OpenSSL makes no TLS context");
  const STACK_OF(SSL_CIPHER)* suites = SSL_CTX_get_ciphers(context.get());
  for (int i = 0; i < sk_SSL_CIPHER_num(suites); ++i) {
    const SSL_CIPHER* suite = sk_SSL_CIPHER_value(suites, i);
    if (std::string_view(SSL_CIPHER_get_version(suite)) == "TLSv1.3" &&
        std::string_view(SSL_CIPHER_get_name(suite)) != "TLS_AES_256_GCM_SHA384") {
      return base::FailedPrecondition("OpenSSL still offers ", SSL_CIPHER_get_name(suite),
                                      ": the TLS lock-down must come before anything that uses OpenSSL");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckServerCertificate(const std::string& certificate_path) {
  ASSIGN_OR_RETURN(const std::string pem, base::ReadFile(certificate_path, 1u << 20));
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::unique_ptr<X509, void (*)(X509*)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                     X509_free);
  if (!certificate) return base::InvalidArgument(certificate_path, " holds no PEM certificate");
  const EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  if (key == nullptr || EVP_PKEY_base_id(key) != EVP_PKEY_EC) {
    return base::InvalidArgument("the certificate in ", certificate_path,
                                 " has no elliptic-curve key: make one with a P-256 key");
  }
  return absl::OkStatus();
}

}  // namespace crossdock::rpc
