// P-256 keys of TLS identities. Made on the host that uses them; only requests and digests travel.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_pkey_st;

namespace crossdock::base {

// Immutable, cheap to copy (copies share the key); any thread.
class P256Key {
 public:
  // Randomness is OpenSSL's own.
  static P256Key Generate();
  // PKCS#8 PEM without a password; INVALID_ARGUMENT (KEY_INVALID) unless it is a P-256 key.
  static absl::StatusOr<P256Key> FromPem(std::string_view pem);

  std::string ToPem() const;
  // SHA-256 of the DER SubjectPublicKeyInfo, lower hex: how statements and deny lists name the key.
  std::string SpkiSha256() const;

  evp_pkey_st* get() const { return key_.get(); }

 private:
  explicit P256Key(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
  std::shared_ptr<evp_pkey_st> key_;
};

// The digest above, of any key of OpenSSL's.
std::string SpkiSha256(evp_pkey_st* key);
// Whether `key` is there and on P-256.
bool IsP256(evp_pkey_st* key);

}  // namespace crossdock::base
