// Ed25519: the signatures of statements, tickets and receipts. Raw 32-byte keys, so that they compare and travel
// simply.
//
// Pure but for Generate's randomness; any thread. A private key is wiped when it goes away.
#pragma once

#include <array>
#include <compare>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/random.h"

namespace crossdock::base {

inline constexpr size_t kEd25519KeySize = 32;
inline constexpr size_t kEd25519SignatureSize = 64;

struct PublicKey {
  std::array<unsigned char, kEd25519KeySize> bytes{};

  // From the 32 raw bytes.
  static absl::StatusOr<PublicKey> FromRaw(std::string_view raw);
  // From 64 lower-case hex digits.
  static absl::StatusOr<PublicKey> FromHex(std::string_view hex);
  // From "ed25519:" and 64 lower-case hex digits: the form in which people and the roster write a key.
  static absl::StatusOr<PublicKey> FromText(std::string_view text);

  std::string_view Raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
  std::string ToHex() const;
  std::string ToText() const;
  auto operator<=>(const PublicKey&) const = default;
};

class PrivateKey {
 public:
  static PrivateKey Generate(Random& random);
  // From the 32-byte seed (RFC 8032's secret key).
  static absl::StatusOr<PrivateKey> FromSeed(std::string_view seed);
  // From PKCS#8 PEM without a password.
  static absl::StatusOr<PrivateKey> FromPem(std::string_view pem);

  PrivateKey(const PrivateKey&) = default;
  PrivateKey& operator=(const PrivateKey&) = default;
  ~PrivateKey();

  PublicKey Public() const;
  std::string_view Seed() const { return {reinterpret_cast<const char*>(seed_.data()), seed_.size()}; }
  std::string ToPem() const;

 private:
  PrivateKey() = default;
  std::array<unsigned char, kEd25519KeySize> seed_{};
};

// The 64 raw bytes.
std::string Sign(const PrivateKey& key, std::string_view message);
// False for a wrong signature and for a key that is no point of the curve.
bool Verify(const PublicKey& key, std::string_view message, std::string_view signature);

// The first 16 hex digits of SHA-256 of the raw key: how signatures name their key.
std::string KeyId(const PublicKey& key);

}  // namespace crossdock::base
