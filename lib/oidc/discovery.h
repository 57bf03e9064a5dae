// What a provider says of itself (OpenID Connect Discovery 1.0).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::oidc {

// "https://id.example/realms/film" → "https://id.example/realms/film/.well-known/openid-configuration".
std::string DiscoveryUrl(std::string_view issuer);

struct Endpoints {
  std::string keys;
  // For signing in; empty when the provider does not say.
  std::string authorization;
  std::string token;
};

// Of the document that stands there. DISCOVERY_INVALID when it speaks of another issuer, names no keys, or an address
// that is not HTTPS. Pure.
absl::StatusOr<Endpoints> ReadDiscovery(std::string_view document, std::string_view issuer);

}  // namespace crossdock::oidc
