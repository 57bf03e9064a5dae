#include "lib/oidc/providers.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/oidc/discovery.h"
#include "tests/unit/oidc/provider.h"

namespace crossdock::oidc {
namespace {

constexpr char kIssuer[] = "https://id.example";
const base::Instant start{std::chrono::seconds(1'800'000'000)};

std::vector<Provider> Studio() {
  Provider provider;
  provider.issuer = kIssuer;
  provider.audience = "crossdock";
  provider.algorithms = {Algorithm::kEs256};
  return {provider};
}

KeySet SetOf(const SigningKey& key, const std::string& id) {
  return *KeySet::Parse(Json{{"keys", {key.Jwk(id)}}}.dump());
}

std::string TokenOf(const SigningKey& key, const std::string& id, base::Instant now) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  return Token(key, Algorithm::kEs256,
               {{"iss", kIssuer}, {"aud", "crossdock"}, {"sub", "ana"}, {"iat", seconds}, {"exp", seconds + 60}},
               {{"kid", id}});
}

TEST_CASE("a token is taken once its provider's keys were read") {
  Providers providers(Studio());
  const SigningKey key = SigningKey::P256();
  CHECK(base::ReasonOf(providers.Verify(TokenOf(key, "1", start), start).status()) == "PROVIDER_KEYS_MISSING");
  CHECK(providers.Due(start) == std::vector<std::string>{kIssuer});
  providers.SetKeys(kIssuer, SetOf(key, "1"), start);
  const auto verified = providers.Verify(TokenOf(key, "1", start), start);
  REQUIRE(verified.ok());
  CHECK(verified->issuer == kIssuer);
  CHECK(verified->identity.person == "ana");
  Providers others({});
  CHECK(base::ReasonOf(others.Verify(TokenOf(key, "1", start), start).status()) == "PROVIDER_UNKNOWN");
}

TEST_CASE(
    "keys are read again every ten minutes, and a minute after a token by an unknown one: once, however many come") {
  Providers providers(Studio());
  const SigningKey old_key = SigningKey::P256();
  const SigningKey new_key = SigningKey::P256();
  REQUIRE_FALSE(providers.Due(start).empty());
  providers.SetKeys(kIssuer, SetOf(old_key, "1"), start);
  CHECK(providers.Due(start + std::chrono::seconds(599)).empty());
  CHECK_FALSE(providers.Due(start + std::chrono::seconds(600)).empty());
  providers.SetKeys(kIssuer, SetOf(old_key, "1"), start + std::chrono::seconds(600));

  const base::Instant later = start + std::chrono::seconds(620);
  for (int i = 0; i < 100; ++i)
    CHECK(base::ReasonOf(providers.Verify(TokenOf(new_key, "2", later), later).status()) == "KEY_UNKNOWN");
  CHECK(providers.Due(later).empty());
  CHECK_FALSE(providers.Due(start + std::chrono::seconds(660)).empty());
  CHECK(providers.Due(start + std::chrono::seconds(661)).empty());
  providers.SetKeys(kIssuer, SetOf(new_key, "2"), later);
  CHECK(providers.Verify(TokenOf(new_key, "2", later), later).ok());
  // The one that was withdrawn is no key any more.
  CHECK(base::ReasonOf(providers.Verify(TokenOf(old_key, "1", later), later).status()) == "KEY_UNKNOWN");
}

TEST_CASE("a provider that has not answered for a day vouches for nobody") {
  Providers providers(Studio());
  const SigningKey key = SigningKey::P256();
  providers.SetKeys(kIssuer, SetOf(key, "1"), start);
  const base::Instant before = start + std::chrono::hours(24) - std::chrono::seconds(1);
  const base::Instant after = start + std::chrono::hours(24);
  CHECK(providers.Verify(TokenOf(key, "1", before), before).ok());
  CHECK(base::ReasonOf(providers.Verify(TokenOf(key, "1", after), after).status()) == "PROVIDER_KEYS_MISSING");
}

TEST_CASE("a provider says where its keys are, for itself alone and over HTTPS alone") {
  CHECK(DiscoveryUrl("https://id.example/film") == "https://id.example/film/.well-known/openid-configuration");
  CHECK(DiscoveryUrl("https://id.example/") == "https://id.example/.well-known/openid-configuration");
  const auto document = [](const std::string& issuer, const std::string& url) {
    return Json{{"issuer", issuer}, {"jwks_uri", url}}.dump();
  };
  CHECK(ReadDiscovery(document(kIssuer, "https://id.example/keys"), kIssuer)->keys == "https://id.example/keys");
  for (const std::string& wrong :
       {document("https://other.example", "https://id.example/keys"), document(kIssuer, "http://id.example/keys"),
        document(kIssuer, "file:///etc/passwd"), std::string("{}"), std::string("<html>")}) {
    CHECK(base::ReasonOf(ReadDiscovery(wrong, kIssuer).status()) == "DISCOVERY_INVALID");
  }
}

}  // namespace
}  // namespace crossdock::oidc
