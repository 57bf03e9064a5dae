#include "lib/oidc/login.h"

#include <optional>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/oidc/json.h"
#include "lib/oidc/token.h"

namespace crossdock::oidc {
namespace {

constexpr size_t kSecretSize = 32;  // bytes
constexpr size_t kShownMax = 200;   // of what a provider says

absl::Status Invalid(std::string_view why) { return base::WithReason(base::InvalidArgument(why), "LOGIN_INVALID"); }

absl::Status Refused(const std::string& error, const std::string& description) {
  const std::string said = description.empty() ? error : base::StrCat(error, ": ", description);
  return base::WithReason(base::PermissionDenied("the provider says: ", base::PercentEscape(said.substr(0, kShownMax))),
                          "LOGIN_REFUSED");
}

// "a%20b+c" → "a b c"; nothing for what is not encoded as forms are.
std::optional<std::string> Decode(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+') {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      std::string digits(text.substr(at + 1, 2));
      for (char& digit : digits) digit = digit >= 'A' && digit <= 'F' ? static_cast<char>(digit - 'A' + 'a') : digit;
      const auto byte = base::FromHex(digits);
      if (!byte.ok() || byte->size() != 1) return std::nullopt;
      out += *byte;
      at += 2;
    }
  }
  return out;
}

// The first value of `name` in a query; "" when there is none.
std::string ValueOf(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) {
      return Decode(pair.substr(equals + 1)).value_or(std::string());
    }
  }
  return "";
}

}  // namespace

Login BeginLogin(std::string client_id, std::string redirect_url, base::Random& random) {
  Login login;
  login.client_id = std::move(client_id);
  login.redirect_url = std::move(redirect_url);
  login.state = base::ToBase64Url(random.Bytes(kSecretSize));
  login.nonce = base::ToBase64Url(random.Bytes(kSecretSize));
  login.verifier = base::ToBase64Url(random.Bytes(kSecretSize));
  return login;
}

Form AuthorizationQuery(const Login& login) {
  return {{"response_type", "code"},
          {"client_id", login.client_id},
          {"redirect_uri", login.redirect_url},
          {"scope", login.scope},
          {"state", login.state},
          {"nonce", login.nonce},
          {"code_challenge", base::ToBase64Url(base::Sha256(login.verifier))},
          {"code_challenge_method", "S256"}};
}

absl::StatusOr<std::string> CodeOf(std::string_view target, const Login& login) {
  const size_t question = target.find('?');
  const std::string_view query = question == std::string_view::npos ? "" : target.substr(question + 1);
  if (ValueOf(query, "state") != login.state) {
    return base::WithReason(base::PermissionDenied("an answer came that belongs to no sign-in of ours"),
                            "LOGIN_FOREIGN");
  }
  if (const std::string error = ValueOf(query, "error"); !error.empty()) {
    return Refused(error, ValueOf(query, "error_description"));
  }
  std::string code = ValueOf(query, "code");
  if (code.empty()) return Invalid("the provider's answer has no code");
  return code;
}

Form TokenForm(const Login& login, const std::string& code) {
  return {{"grant_type", "authorization_code"},
          {"code", code},
          {"redirect_uri", login.redirect_url},
          {"client_id", login.client_id},
          {"code_verifier", login.verifier}};
}

absl::StatusOr<std::string> IdTokenOf(std::string_view answer, const Login& login) {
  const auto object = ParseObject(answer, "the provider's answer");
  if (!object.ok()) return base::WithReason(object.status(), "LOGIN_INVALID");
  if (const std::string error = StringOf(*object, "error"); !error.empty()) {
    return Refused(error, StringOf(*object, "error_description"));
  }
  std::string token = StringOf(*object, "id_token");
  if (token.empty()) return Invalid("the provider's answer has no id_token: is 'openid' among its scopes?");
  const auto nonce = NonceOf(token);
  if (!nonce.ok() || *nonce != login.nonce) return Invalid("the provider's token is of another sign-in");
  return token;
}

}  // namespace crossdock::oidc
