#include "lib/oidc/login.h"

#include <map>

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/unit/oidc/provider.h"

namespace crossdock::oidc {
namespace {

Login Begun() {
  base::SystemRandom random;
  return BeginLogin("crossdock", "http://127.0.0.1:4711/callback", random);
}

TEST_CASE("a sign-in shows the provider the digest of its verifier, and the verifier only for the token") {
  Login login = Begun();
  login.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";  // RFC 7636, appendix B
  std::map<std::string, std::string> asked;
  for (const auto& [name, value] : AuthorizationQuery(login)) asked[name] = value;
  CHECK(asked["code_challenge"] == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
  CHECK(asked["code_challenge_method"] == "S256");
  CHECK(asked["response_type"] == "code");
  for (const auto& [name, value] : asked) CHECK(value != login.verifier);
  std::map<std::string, std::string> posted;
  for (const auto& [name, value] : TokenForm(login, "c")) posted[name] = value;
  CHECK(posted["code_verifier"] == login.verifier);
  CHECK(posted["redirect_uri"] == asked["redirect_uri"]);
}

TEST_CASE("two sign-ins have nothing secret in common") {
  const Login a = Begun();
  const Login b = Begun();
  CHECK(a.state != b.state);
  CHECK(a.nonce != b.nonce);
  CHECK(a.verifier != b.verifier);
  CHECK(a.verifier.size() >= 43);
}

TEST_CASE("an answer counts for the sign-in that asked") {
  const Login login = Begun();
  const auto reason = [&](const std::string& target) { return base::ReasonOf(CodeOf(target, login).status()); };
  CHECK(*CodeOf("/callback?code=a%2Fb+c&state=" + login.state, login) == "a/b c");
  CHECK(reason("/callback?code=a&state=other") == "LOGIN_FOREIGN");
  CHECK(reason("/callback?code=a") == "LOGIN_FOREIGN");
  CHECK(reason("/callback") == "LOGIN_FOREIGN");
  CHECK(reason("/callback?state=" + login.state) == "LOGIN_INVALID");
  CHECK(reason("/callback?code=%zz&state=" + login.state) == "LOGIN_INVALID");
  CHECK(reason("/callback?code=%4&state=" + login.state) == "LOGIN_INVALID");
  const absl::Status refused =
      CodeOf("/callback?error=access_denied&error_description=not%1Byou&state=" + login.state, login).status();
  CHECK(base::ReasonOf(refused) == "LOGIN_REFUSED");
  CHECK(base::ToStd(refused.message()).find("access_denied: not%1Byou") != std::string::npos);
}

TEST_CASE("a token is taken for the sign-in that it is of") {
  const Login login = Begun();
  const SigningKey key = SigningKey::P256();
  const auto answer = [&](const std::string& nonce) {
    return Json{{"id_token", Token(key, Algorithm::kEs256, {{"nonce", nonce}})}}.dump();
  };
  CHECK(IdTokenOf(answer(login.nonce), login).ok());
  CHECK(base::ReasonOf(IdTokenOf(answer("another"), login).status()) == "LOGIN_INVALID");
  CHECK(base::ReasonOf(IdTokenOf("{}", login).status()) == "LOGIN_INVALID");
  CHECK(base::ReasonOf(IdTokenOf("<html>", login).status()) == "LOGIN_INVALID");
  CHECK(base::ReasonOf(IdTokenOf(R"({"error": "invalid_grant"})", login).status()) == "LOGIN_REFUSED");
}

}  // namespace
}  // namespace crossdock::oidc
