// Signing in from a command line: the authorization code flow with PKCE, answered on loopback (RFC 8252, RFC 7636).
//
// Pure: what is to be asked, and what the answers mean. cli/login.cc does the asking.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/random.h"

namespace crossdock::oidc {

using Form = std::vector<std::pair<std::string, std::string>>;

struct Login {
  std::string client_id;
  std::string redirect_url;  // http://127.0.0.1:PORT/callback
  std::string scope = "openid profile groups";
  std::string state;     // comes back with the answer, so that it is ours
  std::string nonce;     // stands in the token, so that it is of this sign-in
  std::string verifier;  // whoever has the code alone has nothing
};

// With a fresh state, nonce and verifier.
Login BeginLogin(std::string client_id, std::string redirect_url, base::Random& random);

// What the browser asks the provider's authorization endpoint.
Form AuthorizationQuery(const Login& login);

// The code in what the browser brings back: "/callback?code=…&state=…". LOGIN_REFUSED with what the provider says,
// LOGIN_FOREIGN when it is no answer to this question, LOGIN_INVALID for anything else.
absl::StatusOr<std::string> CodeOf(std::string_view target, const Login& login);

// What is posted to the token endpoint.
Form TokenForm(const Login& login, const std::string& code);

// The token in the answer; LOGIN_REFUSED with what the provider says, LOGIN_INVALID. Whose it is, and whether it is
// sound, the orchestrator decides; that it is of this sign-in is looked at here.
absl::StatusOr<std::string> IdTokenOf(std::string_view answer, const Login& login);

}  // namespace crossdock::oidc
