// P-256 keys of TLS identities. Made on the host that uses them; only requests and digests travel.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_pkey_st;

namespace crossdock::pki {

// Immutable, cheap to copy (copies share the key); any thread.
class TlsKey {
 public:
  // Randomness is OpenSSL's own.
  static TlsKey Generate();
  // PKCS#8 PEM without a password; INVALID_ARGUMENT unless it is a P-256 key.
  static absl::StatusOr<TlsKey> FromPem(std::string_view pem);

  std::string ToPem() const;
  // SHA-256 of the DER SubjectPublicKeyInfo, lower hex: how statements and deny lists name the key.
  std::string SpkiSha256() const;

  evp_pkey_st* get() const { return key_.get(); }

 private:
  explicit TlsKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

// The digest above, of any key of OpenSSL's.
std::string SpkiSha256(evp_pkey_st* key);
// Whether `key` is on P-256.
bool IsP256(evp_pkey_st* key);

}  // namespace crossdock::pki
