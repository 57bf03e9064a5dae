// Any bytes as a token, and as the body of one that its provider has signed: nobody is believed to be somebody whom the
// provider did not name, or for longer than it may be.
#include "lib/base/ed25519.h"
#include "lib/base/encoding.h"
#include "lib/oidc/token.h"
#include "tests/fuzz/properties.h"
#include "tests/fuzz/targets.h"

namespace crossdock::fuzz {
namespace {

const base::Instant kNow{std::chrono::seconds(1'800'000'000)};

struct Desk {
  base::PrivateKey key = *base::PrivateKey::FromSeed(std::string(32, 'i'));
  oidc::KeySet keys = *oidc::KeySet::Parse(base::StrCat(R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": ")",
                                                        base::ToBase64Url(key.Public().Raw()), "\"}]}"));
  oidc::Provider provider{
      .issuer = "https://id.example", .audience = "crossdock", .algorithms = {oidc::Algorithm::kEdDsa}};
};

}  // namespace

bool FuzzIdToken(std::string_view input) {
  static const Desk desk;
  const absl::StatusOr<oidc::Identity> raw = oidc::Verify(input, desk.keys, desk.provider, kNow);
  INVARIANT(!raw.ok()) << "a token that nobody has signed";
  CheckRefusal(raw.status());

  const std::string text = base::StrCat(base::ToBase64Url(R"({"alg":"EdDSA"})"), ".", base::ToBase64Url(input));
  const std::string token = base::StrCat(text, ".", base::ToBase64Url(base::Sign(desk.key, text)));
  const absl::StatusOr<oidc::Identity> identity = oidc::Verify(token, desk.keys, desk.provider, kNow);
  if (!identity.ok()) {
    CheckRefusal(identity.status());
    return false;
  }
  INVARIANT(*oidc::IssuerOf(token) == desk.provider.issuer) << "another issuer's";
  INVARIANT(!identity->person.empty()) << "nobody";
  INVARIANT(identity->expires <= kNow + oidc::kSkewMax + desk.provider.age_max) << "for too long";
  INVARIANT(!identity->mfa) << "a second factor by the word of nobody";
  return true;
}

}  // namespace crossdock::fuzz
