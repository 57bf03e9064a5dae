#include "lib/base/ed25519.h"

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"

namespace crossdock::base {
namespace {

// RFC 8032, section 7.1, test 2.
constexpr char kSeed[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
constexpr char kPublic[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr char kSignature[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb0"
    "0d291612bb0c00";

TEST_CASE("signing and verifying agree with RFC 8032") {
  const PrivateKey key = *PrivateKey::FromSeed(*FromHex(kSeed));
  CHECK(key.Public().ToHex() == kPublic);
  CHECK(ToHex(Sign(key, "\x72")) == kSignature);
  CHECK(Verify(key.Public(), "\x72", *FromHex(kSignature)));
}

TEST_CASE("a signature is over exactly this message by exactly this key") {
  SystemRandom random;
  const PrivateKey key = PrivateKey::Generate(random);
  std::string signature = Sign(key, "message");
  CHECK(Verify(key.Public(), "message", signature));
  CHECK_FALSE(Verify(key.Public(), "Message", signature));
  CHECK_FALSE(Verify(PrivateKey::Generate(random).Public(), "message", signature));
  CHECK_FALSE(Verify(key.Public(), "message", signature + "x"));
  signature[5] = static_cast<char>(signature[5] ^ 1);
  CHECK_FALSE(Verify(key.Public(), "message", signature));
}

TEST_CASE("a private key survives PEM and other keys are refused") {
  SystemRandom random;
  const PrivateKey key = PrivateKey::Generate(random);
  CHECK(PrivateKey::FromPem(key.ToPem())->Public() == key.Public());
  CHECK_FALSE(PrivateKey::FromPem("nonsense").ok());
  CHECK_FALSE(PrivateKey::FromSeed("short").ok());
}

TEST_CASE("a public key has one spelling and a short id") {
  const PublicKey key = *PublicKey::FromHex(kPublic);
  CHECK(key.ToText() == std::string("ed25519:") + kPublic);
  CHECK(*PublicKey::FromText(key.ToText()) == key);
  CHECK_FALSE(PublicKey::FromText(kPublic).ok());
  CHECK_FALSE(PublicKey::FromText("ed25519:00").ok());
  CHECK(KeyId(key) == "39f713d0a644253f");
}

}  // namespace
}  // namespace crossdock::base
