#include "lib/oidc/discovery.h"

#include "lib/base/status.h"
#include "lib/oidc/json.h"

namespace crossdock::oidc {

std::string DiscoveryUrl(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return base::StrCat(issuer, "/.well-known/openid-configuration");
}

absl::StatusOr<Endpoints> ReadDiscovery(std::string_view document, std::string_view issuer) {
  const auto object = ParseObject(document, "the provider's configuration");
  if (!object.ok()) return base::WithReason(object.status(), "DISCOVERY_INVALID");
  const auto invalid = [&](std::string_view why) {
    return base::WithReason(base::InvalidArgument("what is at ", issuer, " ", why), "DISCOVERY_INVALID");
  };
  if (StringOf(*object, "issuer") != issuer) return invalid("is the configuration of another issuer");
  Endpoints endpoints{StringOf(*object, "jwks_uri"), StringOf(*object, "authorization_endpoint"),
                      StringOf(*object, "token_endpoint")};
  if (endpoints.keys.empty()) return invalid("names no keys");
  for (const std::string* url : {&endpoints.keys, &endpoints.authorization, &endpoints.token}) {
    if (!url->empty() && !url->starts_with("https://")) return invalid("names an address that is not https");
  }
  return endpoints;
}

}  // namespace crossdock::oidc
