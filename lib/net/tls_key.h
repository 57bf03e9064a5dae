// A TLS identity: a P-256 key with a self-signed certificate around it. Peers know it by the digest of its public key
// (SPKI); nothing else in the certificate means anything, and it names nobody.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "lib/base/p256_key.h"

struct x509_st;

namespace crossdock::net {

// Immutable and cheap to copy; any thread.
class TlsKey {
 public:
  explicit TlsKey(base::P256Key key);
  static TlsKey Generate() { return TlsKey(base::P256Key::Generate()); }
  // From a file of lib/base/key_file.h; its errors.
  static absl::StatusOr<TlsKey> Load(const std::string& path);
  // As Load, or makes a key there when there is no file.
  static absl::StatusOr<TlsKey> LoadOrCreate(const std::string& path);

  // SHA-256 of the SubjectPublicKeyInfo, lower hex.
  const std::string& spki() const { return spki_; }

  evp_pkey_st* key() const { return key_.get(); }
  x509_st* certificate() const { return certificate_.get(); }

 private:
  base::P256Key key_;
  std::shared_ptr<x509_st> certificate_;
  std::string spki_;
};

// SHA-256 of the SubjectPublicKeyInfo of a certificate, lower hex; empty unless its key is on P-256.
std::string SpkiOf(const x509_st* certificate);

}  // namespace crossdock::net
