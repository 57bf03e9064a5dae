// A TLS identity: a P-256 key with a self-signed certificate around it. Peers know it by the digest of its public key
// (SPKI); nothing else in the certificate means anything, and it names nobody.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_pkey_st;
struct x509_st;

namespace crossdock::net {

// Immutable and cheap to copy; any thread.
class TlsKey {
 public:
  static TlsKey Generate();
  // From PKCS#8 PEM without a password; KEY_INVALID unless it is a P-256 key.
  static absl::StatusOr<TlsKey> FromPem(std::string_view pem);
  // Reads `path`, or makes a key there (mode 0600) when there is no file. Refuses a file that others may read.
  static absl::StatusOr<TlsKey> LoadOrCreate(const std::string& path);
  static absl::StatusOr<TlsKey> Load(const std::string& path);

  // SHA-256 of the SubjectPublicKeyInfo, lower hex.
  const std::string& spki() const { return spki_; }
  std::string ToPem() const;

  evp_pkey_st* key() const { return key_.get(); }
  x509_st* certificate() const { return certificate_.get(); }

 private:
  explicit TlsKey(std::shared_ptr<evp_pkey_st> key);
  std::shared_ptr<evp_pkey_st> key_;
  std::shared_ptr<x509_st> certificate_;
  std::string spki_;
};

// SHA-256 of the SubjectPublicKeyInfo of a certificate, lower hex; empty unless its key is on P-256.
std::string SpkiOf(x509_st* certificate);

}  // namespace crossdock::net
