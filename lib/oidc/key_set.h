// The keys with which an identity provider signs (JWK Set, RFC 7517), and the algorithms that they can be used with.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

struct evp_pkey_st;

namespace crossdock::oidc {

// Signatures by a private key only: no "none", and nothing that a public key could be mistaken for the secret of.
enum class Algorithm { kRs256, kPs256, kEs256, kEdDsa };
inline constexpr Algorithm kAllAlgorithms[] = {Algorithm::kRs256, Algorithm::kPs256, Algorithm::kEs256,
                                               Algorithm::kEdDsa};

// "ES256", and back.
std::string_view AlgorithmName(Algorithm algorithm);
std::optional<Algorithm> AlgorithmOf(std::string_view name);

// Immutable, cheap to copy; any thread.
class KeySet {
 public:
  static constexpr size_t kTextMax = 64u << 10;
  static constexpr size_t kKeysMax = 32;

  // Keys for other uses, of other kinds or too weak (RSA below 2,048 bits) are left out: providers mix them.
  // KEY_SET_INVALID for text that is no key set, too long, with two keys of one id, with private parts, or with no key
  // left.
  static absl::StatusOr<KeySet> Parse(std::string_view json);

  // Whether the set has a key of this id, whatever it is good for.
  bool Knows(std::string_view key_id) const;
  // Whether `signature` is that of `message` by the key `key_id`; without an id, by the only key that fits `algorithm`.
  // UNAUTHENTICATED: KEY_UNKNOWN, KEY_UNFIT (for this algorithm), SIGNATURE_INVALID.
  absl::Status Verify(std::string_view key_id, Algorithm algorithm, std::string_view message,
                      std::string_view signature) const;

 private:
  struct Key {
    std::string id;                 // may be empty
    std::optional<Algorithm> only;  // what its owner says that it is for
    std::shared_ptr<evp_pkey_st> key;
  };
  static bool Fits(const Key& key, Algorithm algorithm);
  absl::StatusOr<const Key*> Find(std::string_view key_id, Algorithm algorithm) const;

  std::vector<Key> keys_;
};

}  // namespace crossdock::oidc
