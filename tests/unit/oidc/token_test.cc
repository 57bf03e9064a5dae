#include "lib/oidc/token.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/unit/oidc/provider.h"

namespace crossdock::oidc {
namespace {

constexpr int64_t kNow = 1'800'000'000;
const base::Instant now{std::chrono::seconds(kNow)};

Provider Studio() {
  return {.issuer = "https://id.studio.example",
          .audience = "crossdock",
          .algorithms = {Algorithm::kEs256},
          .person_claim = "preferred_username",
          .mfa_methods = {"hwk", "otp"},
          .mfa_classes = {"https://id.studio.example/strong"}};
}

Json Claims() {
  return {{"iss", "https://id.studio.example"},
          {"aud", "crossdock"},
          {"sub", "7f3a"},
          {"preferred_username", "ana"},
          {"iat", kNow - 60},
          {"exp", kNow + 600},
          {"amr", {"pwd", "otp"}},
          {"groups", {"show-production", "artists"}}};
}

struct Desk {
  SigningKey key = SigningKey::P256();
  KeySet keys = *KeySet::Parse(Json{{"keys", {key.Jwk("one")}}}.dump());

  absl::StatusOr<Identity> Take(const Json& claims, const Json& header = {},
                                const Provider& provider = Studio()) const {
    return Verify(Token(key, Algorithm::kEs256, claims, header), keys, provider, now);
  }
  std::string Reason(const Json& claims, const Json& header = {}) const {
    return base::ReasonOf(Take(claims, header).status());
  }
};

Json With(const std::string& name, const Json& value) {
  Json claims = Claims();
  claims[name] = value;
  return claims;
}

Json Without(const std::string& name) {
  Json claims = Claims();
  claims.erase(name);
  return claims;
}

TEST_CASE("a sound token says who it is, in which groups, and whether there was a second factor") {
  const auto identity = Desk().Take(Claims());
  REQUIRE(identity.ok());
  CHECK(identity->person == "ana");
  CHECK(identity->groups == std::vector<std::string>{"show-production", "artists"});
  CHECK(identity->mfa);
  CHECK(identity->expires == base::Instant(std::chrono::seconds(kNow + 600)));
}

TEST_CASE("T-45: a second factor is what the provider's own words say, and never guessed") {
  const Desk desk;
  CHECK_FALSE(desk.Take(With("amr", {"pwd"}))->mfa);
  CHECK_FALSE(desk.Take(Without("amr"))->mfa);
  CHECK_FALSE(desk.Take(With("amr", {{"otp", true}}))->mfa);
  Json by_class = Without("amr");
  by_class["acr"] = "https://id.studio.example/strong";
  CHECK(desk.Take(by_class)->mfa);
  Provider silent = Studio();
  silent.mfa_methods.clear();
  silent.mfa_classes.clear();
  CHECK_FALSE(desk.Take(Claims(), {}, silent)->mfa);
}

TEST_CASE("T-45: no token counts that is unsigned, or signed by what everybody knows") {
  const Desk desk;
  const auto reason = [&](const std::string& token) {
    return base::ReasonOf(Verify(token, desk.keys, Studio(), now).status());
  };
  CHECK(reason(Unsigned({{"alg", "none"}}, Claims()) + ".") == "TOKEN_ALGORITHM");
  CHECK(desk.Reason(Claims(), {{"alg", "none"}}) == "TOKEN_ALGORITHM");
  CHECK(desk.Reason(Claims(), {{"alg", "HS256"}}) == "TOKEN_ALGORITHM");
  CHECK(desk.Reason(Claims(), {{"alg", "RS256"}}) == "TOKEN_ALGORITHM");  // known, and not this provider's
  const SigningKey other = SigningKey::P256();
  CHECK(reason(Token(other, Algorithm::kEs256, Claims())) == "SIGNATURE_INVALID");
  // A key that the token brings along is nobody's.
  Json header{{"jwk", other.Jwk("one")}, {"jku", "https://elsewhere.example/keys"}};
  CHECK(reason(Token(other, Algorithm::kEs256, Claims(), header)) == "SIGNATURE_INVALID");
  CHECK(desk.Reason(Claims(), {{"kid", "../../etc/passwd"}}) == "KEY_UNKNOWN");
}

TEST_CASE("T-45: too many groups are not taken for none") {
  const Desk desk;
  Json claims = Without("groups");
  CHECK(desk.Take(claims)->groups.empty());
  claims["_claim_names"] = {{"groups", "src1"}};
  CHECK(desk.Reason(claims) == "TOKEN_GROUPS");
  CHECK(desk.Reason(With("hasgroups", true)) == "TOKEN_GROUPS");
  CHECK(desk.Reason(With("groups", std::vector<std::string>(501, "g"))) == "TOKEN_GROUPS");
}

TEST_CASE("a token is for whom it was asked, of whom it says") {
  const Desk desk;
  CHECK(desk.Reason(With("iss", "https://id.studio.example/")) == "TOKEN_ISSUER");
  CHECK(desk.Reason(Without("iss")) == "TOKEN_ISSUER");
  CHECK(desk.Reason(With("aud", "payroll")) == "TOKEN_AUDIENCE");
  CHECK(desk.Reason(With("aud", Json::array())) == "TOKEN_AUDIENCE");
  CHECK(desk.Reason(With("aud", {"payroll", "crossdock"})) == "TOKEN_AUDIENCE");
  CHECK(desk.Reason(With("azp", "payroll")) == "TOKEN_AUDIENCE");
  Json both = With("aud", {"payroll", "crossdock"});
  both["azp"] = "crossdock";
  CHECK(desk.Take(both).ok());
  CHECK(desk.Reason(Without("preferred_username")) == "TOKEN_PERSON");
  CHECK(desk.Reason(With("preferred_username", {{"name", "ana"}})) == "TOKEN_PERSON");
}

TEST_CASE("T-48: a token is good from its time to its end, half an hour at most, but for thirty seconds") {
  const Desk desk;
  CHECK(desk.Take(With("exp", kNow - 29)).ok());
  CHECK(desk.Reason(With("exp", kNow - 30)) == "TOKEN_EXPIRED");
  CHECK(desk.Take(With("iat", kNow + 30)).ok());
  CHECK(desk.Reason(With("iat", kNow + 31)) == "TOKEN_EARLY");
  CHECK(desk.Reason(With("nbf", kNow + 31)) == "TOKEN_EARLY");
  Json long_lived = With("exp", kNow + 86'400);
  long_lived["iat"] = kNow - 1'829;
  CHECK(desk.Take(long_lived).ok());
  long_lived["iat"] = kNow - 1'830;
  CHECK(desk.Reason(long_lived) == "TOKEN_EXPIRED");
  CHECK(desk.Reason(Without("exp")) == "TOKEN_INVALID");
  CHECK(desk.Reason(Without("iat")) == "TOKEN_INVALID");
  CHECK(desk.Reason(With("exp", "tomorrow")) == "TOKEN_INVALID");
  CHECK(desk.Reason(With("exp", -1)) == "TOKEN_INVALID");
  CHECK(desk.Reason(With("exp", 1e300)) == "TOKEN_INVALID");
}

TEST_CASE("what is no token of this kind is refused") {
  const Desk desk;
  const auto reason = [&](const std::string& token) {
    return base::ReasonOf(Verify(token, desk.keys, Studio(), now).status());
  };
  const std::string good = Token(desk.key, Algorithm::kEs256, Claims());
  CHECK(Verify(good, desk.keys, Studio(), now).ok());
  CHECK(reason(good + ".x") == "TOKEN_INVALID");
  CHECK(reason(good.substr(0, good.rfind('.'))) == "TOKEN_INVALID");
  CHECK(reason(good + "=") == "TOKEN_INVALID");
  CHECK(reason("") == "TOKEN_INVALID");
  CHECK(reason(std::string(kTokenMax + 1, 'a')) == "TOKEN_INVALID");
  CHECK(desk.Reason(Claims(), {{"crit", {"b64"}}, {"b64", false}}) == "TOKEN_INVALID");
  CHECK(desk.Reason(Claims(), {{"typ", "logout+jwt"}}) == "TOKEN_INVALID");
  CHECK(desk.Take(Claims(), {{"typ", "at+jwt"}}).ok());
  // A claim that stands twice is read by one as the first and by another as the last.
  const std::string header = base::ToBase64Url(R"({"alg":"ES256","kid":"one"})");
  const std::string twice = header + "." + base::ToBase64Url(R"({"iss":"a","iss":"b"})");
  CHECK(reason(twice + "." + base::ToBase64Url(desk.key.Sign(Algorithm::kEs256, twice))) == "TOKEN_INVALID");
  std::string deep(20, '[');
  deep = R"({"a":)" + deep + std::string(20, ']') + "}";
  const std::string nested = header + "." + base::ToBase64Url(deep);
  CHECK(reason(nested + "." + base::ToBase64Url(desk.key.Sign(Algorithm::kEs256, nested))) == "TOKEN_INVALID");
}

TEST_CASE("the issuer and the sign-in that a token names can be asked for before it is believed") {
  const Desk desk;
  const std::string token = Token(desk.key, Algorithm::kEs256, Claims());
  CHECK(*IssuerOf(token) == "https://id.studio.example");
  CHECK(NonceOf(token)->empty());
  CHECK(*NonceOf(Token(desk.key, Algorithm::kEs256, With("nonce", "n"))) == "n");
  CHECK(base::ReasonOf(IssuerOf("x.y.z").status()) == "TOKEN_INVALID");
}

}  // namespace
}  // namespace crossdock::oidc
