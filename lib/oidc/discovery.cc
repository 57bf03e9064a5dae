#include "lib/oidc/discovery.h"

#include "lib/base/status.h"
#include "lib/oidc/json.h"

namespace crossdock::oidc {

std::string DiscoveryUrl(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return base::StrCat(issuer, "/.well-known/openid-configuration");
}

absl::StatusOr<std::string> KeysUrlOf(std::string_view document, std::string_view issuer) {
  const auto object = ParseObject(document, "the provider's configuration");
  if (!object.ok()) return base::WithReason(object.status(), "DISCOVERY_INVALID");
  const std::string url = StringOf(*object, "jwks_uri");
  if (StringOf(*object, "issuer") == issuer && url.starts_with("https://")) return url;
  return base::WithReason(base::InvalidArgument("what is at ", issuer,
                                                " is not its configuration: it names another issuer, or no https keys"),
                          "DISCOVERY_INVALID");
}

}  // namespace crossdock::oidc
