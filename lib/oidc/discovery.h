// Where a provider says that its keys are (OpenID Connect Discovery 1.0).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::oidc {

// "https://id.example/realms/film" → "https://id.example/realms/film/.well-known/openid-configuration".
std::string DiscoveryUrl(std::string_view issuer);

// `jwks_uri` of the document that stands there. DISCOVERY_INVALID when it speaks of another issuer, or of keys that do
// not come over HTTPS. Pure.
absl::StatusOr<std::string> KeysUrlOf(std::string_view document, std::string_view issuer);

}  // namespace crossdock::oidc
