// A statement with its signatures: the one text that is shown, stored, sent and logged.
//
//   crossdock/relay/v1
//   relay: lon-r1
//   …
//
//   signature: 39f713d0a644253f <base64 of the 64 bytes>
//
// Each Ed25519 signature is over exactly the bytes before the empty line, so that `openssl pkeyutl -verify -rawin`
// checks it too. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/ed25519.h"

namespace crossdock::trust {

inline constexpr size_t kSignaturesMax = 16;

struct Signature {
  std::string key_id;  // base::PublicKey::Id
  std::string bytes;   // 64, raw
};

class SignedStatement {
 public:
  // Reads the one spelling; STATEMENT_MALFORMED otherwise. Nothing is verified yet.
  static absl::StatusOr<SignedStatement> Parse(std::string_view text);
  // Signs `statement` (from Encode) with each key, in that order.
  static SignedStatement Sign(std::string_view statement, std::span<const base::PrivateKey> keys);
  static SignedStatement Sign(std::string_view statement, const base::PrivateKey& key);

  // What the signatures are over.
  const std::string& statement() const { return statement_; }
  const std::vector<Signature>& signatures() const { return signatures_; }
  std::string Format() const;

  // Adds a signature: how several officers sign one roster, each on their own machine. ALREADY_EXISTS when the key has
  // signed before, and RESOURCE_EXHAUSTED beyond kSignaturesMax.
  absl::Status AddSignature(const base::PrivateKey& key);

  // Whether `key` has signed.
  bool SignedBy(const base::PublicKey& key) const;
  // OK when each of `keys` has signed and nobody else: a surplus signature would give one statement two spellings.
  // SIGNATURE_INVALID otherwise.
  absl::Status VerifyExactly(std::span<const base::PublicKey> keys) const;
  absl::Status VerifyExactly(const base::PublicKey& key) const;

 private:
  std::string statement_;
  std::vector<Signature> signatures_;
};

}  // namespace crossdock::trust
