// Tokens of an OpenID provider (JWT, RFC 7519; OpenID Connect Core 1.0): who somebody is, by whose word, until when.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/oidc/key_set.h"

namespace crossdock::oidc {

inline constexpr size_t kTokenMax = 16u << 10;
inline constexpr std::chrono::seconds kSkewMax{30};

// What a studio demands of the tokens of one provider.
struct Provider {
  std::string issuer;                 // exactly the token's `iss`
  std::string audience;               // must be among its `aud`
  std::vector<Algorithm> algorithms;  // what its tokens may be signed by
  std::string person_claim = "sub";   // who it is, in the words of the studio
  std::string groups_claim = "groups";
  // Words of `amr` and of `acr` that mean a second factor; none: its tokens never have one.
  std::vector<std::string> mfa_methods{};
  std::vector<std::string> mfa_classes{};
  std::chrono::seconds age_max{std::chrono::minutes(30)};  // however long the token would be good
};

struct Identity {
  std::string person;
  std::vector<std::string> groups;
  bool mfa = false;
  base::Instant expires;  // the sooner of the token's own end and age_max after it was issued
};

// The issuer that a token names, before anything of it is believed: to find the provider. TOKEN_INVALID.
absl::StatusOr<std::string> IssuerOf(std::string_view token);
// Which sign-in it says that it is of; may be empty. TOKEN_INVALID.
absl::StatusOr<std::string> NonceOf(std::string_view token);

// Pure. UNAUTHENTICATED with a reason: TOKEN_INVALID (no JWT, or one of another kind), TOKEN_ALGORITHM, what
// KeySet::Verify says, TOKEN_ISSUER, TOKEN_AUDIENCE, TOKEN_EXPIRED, TOKEN_EARLY, TOKEN_PERSON (no such claim),
// TOKEN_GROUPS (only by reference: somebody else would have to be asked).
absl::StatusOr<Identity> Verify(std::string_view token, const KeySet& keys, const Provider& provider,
                                base::Instant now);

}  // namespace crossdock::oidc
