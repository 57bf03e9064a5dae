#include "orchestrator/identity/key_refresh.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/unit/oidc/provider.h"

namespace crossdock::orchestrator::identity {
namespace {

using oidc::Json;

const base::Instant start{std::chrono::seconds(1'800'000'000)};

oidc::Provider ProviderOf(const std::string& issuer) {
  oidc::Provider provider;
  provider.issuer = issuer;
  provider.audience = "crossdock";
  provider.algorithms = {oidc::Algorithm::kEs256};
  return provider;
}

struct Network {
  std::map<std::string, std::string> documents;
  std::vector<std::string> asked;  // "url ca_file"

  KeyRefresh::Fetch Fetch() {
    return [this](const std::string& url, const std::string& ca_file) -> absl::StatusOr<std::string> {
      asked.push_back(url + " " + ca_file);
      const auto found = documents.find(url);
      if (found == documents.end()) return base::WithReason(base::Unavailable("nobody there"), "HTTPS_FAILED");
      return found->second;
    };
  }
};

TEST_CASE("each provider is asked where its keys are, by its own authorities; one that is away keeps no other back") {
  oidc::Providers providers({ProviderOf("https://a.example"), ProviderOf("https://b.example")});
  const oidc::SigningKey key = oidc::SigningKey::P256();
  Network network;
  network.documents["https://b.example/.well-known/openid-configuration"] =
      Json{{"issuer", "https://b.example"}, {"jwks_uri", "https://b.example/keys"}}.dump();
  network.documents["https://b.example/keys"] = Json{{"keys", {key.Jwk("one")}}}.dump();
  KeyRefresh refresh(providers, {{"https://b.example", "b.pem"}}, network.Fetch());

  const absl::Status status = refresh.RunOnce(start);
  CHECK(base::ReasonOf(status) == "HTTPS_FAILED");
  CHECK(base::ToStd(status.message()).find("https://a.example") != std::string::npos);
  CHECK(network.asked == std::vector<std::string>{"https://a.example/.well-known/openid-configuration ",
                                                  "https://b.example/.well-known/openid-configuration b.pem",
                                                  "https://b.example/keys b.pem"});
  const int64_t now = 1'800'000'000;
  const auto token = [&](const std::string& issuer) {
    return oidc::Token(key, oidc::Algorithm::kEs256,
                       {{"iss", issuer}, {"aud", "crossdock"}, {"sub", "ana"}, {"iat", now}, {"exp", now + 60}});
  };
  CHECK(providers.Verify(token("https://b.example"), start).ok());
  CHECK(base::ReasonOf(providers.Verify(token("https://a.example"), start).status()) == "PROVIDER_KEYS_MISSING");

  network.asked.clear();
  CHECK(refresh.RunOnce(start + std::chrono::seconds(1)).ok());
  CHECK(network.asked.empty());
}

TEST_CASE("keys that were good stay while the provider answers nonsense") {
  oidc::Providers providers({ProviderOf("https://a.example")});
  const oidc::SigningKey key = oidc::SigningKey::P256();
  Network network;
  network.documents["https://a.example/.well-known/openid-configuration"] =
      Json{{"issuer", "https://a.example"}, {"jwks_uri", "https://a.example/keys"}}.dump();
  network.documents["https://a.example/keys"] = Json{{"keys", {key.Jwk("one")}}}.dump();
  KeyRefresh refresh(providers, {}, network.Fetch());
  REQUIRE(refresh.RunOnce(start).ok());
  network.documents["https://a.example/keys"] = R"({"keys": []})";
  const base::Instant later = start + oidc::Providers::kRefresh;
  CHECK(base::ReasonOf(refresh.RunOnce(later)) == "KEY_SET_INVALID");
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(later.time_since_epoch()).count();
  const std::string token = oidc::Token(
      key, oidc::Algorithm::kEs256,
      {{"iss", "https://a.example"}, {"aud", "crossdock"}, {"sub", "ana"}, {"iat", now}, {"exp", now + 60}});
  CHECK(providers.Verify(token, later).ok());
}

}  // namespace
}  // namespace crossdock::orchestrator::identity
