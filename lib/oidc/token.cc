#include "lib/oidc/token.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/oidc/json.h"

namespace crossdock::oidc {
namespace {

using Json = nlohmann::json;

constexpr size_t kGroupsMax = 500;
constexpr size_t kNameMax = 256;
// Beyond it a double has no whole seconds to spare; about the year 5138.
constexpr double kSecondsMax = 1e11;

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated, parts...), reason);
}

struct Parts {
  Json header;
  Json claims;
  std::string_view signed_text;
  std::string signature;
};

absl::StatusOr<Json> ReadPart(std::string_view text, std::string_view what) {
  const auto bytes = base::FromBase64Url(text);
  if (!bytes.ok()) return Refused("TOKEN_INVALID", what, " is not base 64");
  auto object = ParseObject(*bytes, what);
  if (!object.ok()) return Refused("TOKEN_INVALID", base::ToStd(object.status().message()));
  return object;
}

absl::StatusOr<Parts> Split(std::string_view token) {
  if (token.size() > kTokenMax) return Refused("TOKEN_INVALID", "the token is too long");
  const size_t first = token.find('.');
  const size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return Refused("TOKEN_INVALID", "a token has three parts");
  }
  Parts parts;
  ASSIGN_OR_RETURN(parts.header, ReadPart(token.substr(0, first), "the token's header"));
  ASSIGN_OR_RETURN(parts.claims, ReadPart(token.substr(first + 1, second - first - 1), "the token's body"));
  parts.signed_text = token.substr(0, second);
  const auto signature = base::FromBase64Url(token.substr(second + 1));
  if (!signature.ok()) return Refused("TOKEN_INVALID", "the token's signature is not base 64");
  parts.signature = *signature;
  return parts;
}

absl::Status CheckHeader(const Json& header) {
  if (header.contains("crit")) return Refused("TOKEN_INVALID", "the token demands what we do not know (crit)");
  const std::string kind = StringOf(header, "typ");
  // Other kinds of JWT, a logout token for one, are signed by the same keys and mean something else.
  if (header.contains("typ") && kind != "JWT" && kind != "at+jwt") {
    return Refused("TOKEN_INVALID", "the token is of another kind");
  }
  return absl::OkStatus();
}

// A claim that is a word or a list of words; nothing when it is absent or something else.
std::vector<std::string> WordsOf(const Json& claims, std::string_view name) {
  const auto found = claims.find(name);
  std::vector<std::string> words;
  if (found == claims.end()) return words;
  if (found->is_string()) words.push_back(found->get<std::string>());
  if (found->is_array()) {
    for (const Json& word : *found) {
      if (word.is_string()) words.push_back(word.get<std::string>());
    }
  }
  return words;
}

std::optional<base::Instant> TimeOf(const Json& claims, std::string_view name) {
  const auto found = claims.find(name);
  if (found == claims.end() || !found->is_number()) return std::nullopt;
  const double seconds = found->get<double>();
  if (!(seconds >= 0 && seconds <= kSecondsMax)) return std::nullopt;
  return base::Instant(std::chrono::seconds(static_cast<int64_t>(std::floor(seconds))));
}

bool Share(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  return std::any_of(some.begin(), some.end(), [&](const std::string& each) {
    return std::find(others.begin(), others.end(), each) != others.end();
  });
}

absl::Status CheckFor(const Json& claims, const Provider& provider) {
  if (StringOf(claims, "iss") != provider.issuer) return Refused("TOKEN_ISSUER", "the token is of another issuer");
  const std::vector<std::string> audience = WordsOf(claims, "aud");
  if (!Share(audience, {provider.audience})) return Refused("TOKEN_AUDIENCE", "the token is for somebody else");
  // With several audiences it says which of them asked for it.
  if ((audience.size() > 1 || claims.contains("azp")) && StringOf(claims, "azp") != provider.audience) {
    return Refused("TOKEN_AUDIENCE", "the token was asked for by somebody else");
  }
  return absl::OkStatus();
}

absl::StatusOr<base::Instant> CheckTimes(const Json& claims, const Provider& provider, base::Instant now) {
  const auto issued = TimeOf(claims, "iat");
  const auto ends = TimeOf(claims, "exp");
  if (!issued || !ends) return Refused("TOKEN_INVALID", "the token does not say since when and until when it is good");
  if (claims.contains("nbf") && !TimeOf(claims, "nbf")) return Refused("TOKEN_INVALID", "the token's nbf is no time");
  const base::Instant begins = std::max(*issued, TimeOf(claims, "nbf").value_or(*issued));
  if (begins > now + kSkewMax) return Refused("TOKEN_EARLY", "the token is not good yet: is a clock wrong?");
  const base::Instant expires = std::min(*ends, *issued + provider.age_max);
  if (expires + kSkewMax <= now) return Refused("TOKEN_EXPIRED", "the token has expired: sign in again");
  return expires;
}

// A provider with more groups than fit says where to ask for them (distributed claims). Somebody without groups must
// not be confused with somebody who has too many.
bool GroupsByReference(const Json& claims, const std::string& name) {
  if (claims.contains("hasgroups")) return true;
  const auto names = claims.find("_claim_names");
  return names != claims.end() && names->is_object() && names->contains(name);
}

}  // namespace

absl::StatusOr<std::string> IssuerOf(std::string_view token) {
  ASSIGN_OR_RETURN(const Parts parts, Split(token));
  return StringOf(parts.claims, "iss");
}

absl::StatusOr<std::string> NonceOf(std::string_view token) {
  ASSIGN_OR_RETURN(const Parts parts, Split(token));
  return StringOf(parts.claims, "nonce");
}

absl::StatusOr<Identity> Verify(std::string_view token, const KeySet& keys, const Provider& provider,
                                base::Instant now) {
  ASSIGN_OR_RETURN(const Parts parts, Split(token));
  RETURN_IF_ERROR(CheckHeader(parts.header));
  const std::string name = StringOf(parts.header, "alg");
  const std::optional<Algorithm> algorithm = AlgorithmOf(name);
  if (!algorithm ||
      std::find(provider.algorithms.begin(), provider.algorithms.end(), *algorithm) == provider.algorithms.end()) {
    return Refused("TOKEN_ALGORITHM", "the token is signed by an algorithm that this provider may not use");
  }
  RETURN_IF_ERROR(keys.Verify(StringOf(parts.header, "kid"), *algorithm, parts.signed_text, parts.signature));
  RETURN_IF_ERROR(CheckFor(parts.claims, provider));
  Identity identity;
  ASSIGN_OR_RETURN(identity.expires, CheckTimes(parts.claims, provider, now));
  identity.person = StringOf(parts.claims, provider.person_claim);
  if (identity.person.empty() || identity.person.size() > kNameMax) {
    return Refused("TOKEN_PERSON", "the token does not say who it is (", provider.person_claim, ")");
  }
  identity.groups = WordsOf(parts.claims, provider.groups_claim);
  if (identity.groups.size() > kGroupsMax || GroupsByReference(parts.claims, provider.groups_claim)) {
    return Refused("TOKEN_GROUPS",
                   "the token has more groups than fit: let the provider send only those that count here");
  }
  identity.mfa = Share(WordsOf(parts.claims, "amr"), provider.mfa_methods) ||
                 Share(WordsOf(parts.claims, "acr"), provider.mfa_classes);
  return identity;
}

}  // namespace crossdock::oidc
