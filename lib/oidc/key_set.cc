#include "lib/oidc/key_set.h"

#include <algorithm>

#include "lib/base/status.h"
#include "lib/oidc/json.h"
#include "lib/oidc/public_key.h"

namespace crossdock::oidc {
namespace {

constexpr std::string_view kNames[] = {"RS256", "PS256", "ES256", "EdDSA"};

absl::Status Invalid(std::string_view why) {
  return base::WithReason(base::InvalidArgument("the provider's key set ", why), "KEY_SET_INVALID");
}

absl::Status Refused(std::string_view reason, std::string_view why) {
  return base::WithReason(base::Error(absl::StatusCode::kUnauthenticated, why), reason);
}

}  // namespace

std::string_view AlgorithmName(Algorithm algorithm) { return kNames[static_cast<size_t>(algorithm)]; }

std::optional<Algorithm> AlgorithmOf(std::string_view name) {
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) return std::nullopt;
  return static_cast<Algorithm>(found - std::begin(kNames));
}

absl::StatusOr<KeySet> KeySet::Parse(std::string_view text) {
  if (text.size() > kTextMax) return Invalid("is too long");
  const auto object = ParseObject(text, "the provider's key set");
  if (!object.ok()) return base::WithReason(object.status(), "KEY_SET_INVALID");
  const auto list = object->find("keys");
  if (list == object->end() || !list->is_array()) return Invalid("has no list \"keys\"");
  if (list->size() > kKeysMax) return Invalid("has too many keys");
  KeySet set;
  for (const nlohmann::json& jwk : *list) {
    if (!jwk.is_object()) return Invalid("has a key that is none");
    for (const char* secret : {"d", "k", "p", "q"}) {
      if (jwk.contains(secret)) return Invalid("shows a secret key; its owner must replace it");
    }
    if (jwk.contains("use") && StringOf(jwk, "use") != "sig") continue;
    Key key{StringOf(jwk, "kid"), AlgorithmOf(StringOf(jwk, "alg")), PublicKeyOf(jwk)};
    if (key.key == nullptr || (jwk.contains("alg") && !key.only)) continue;
    if (!key.id.empty() && set.Knows(key.id)) return Invalid("has two keys of one id");
    set.keys_.push_back(std::move(key));
  }
  if (set.keys_.empty()) return Invalid("has no key that signs by RS256, PS256, ES256 or EdDSA");
  return set;
}

bool KeySet::Knows(std::string_view key_id) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) { return key.id == key_id; });
}

bool KeySet::Fits(const Key& key, Algorithm algorithm) {
  return key.only.value_or(algorithm) == algorithm && FitsAlgorithm(key.key.get(), algorithm);
}

absl::StatusOr<const KeySet::Key*> KeySet::Find(std::string_view key_id, Algorithm algorithm) const {
  const Key* found = nullptr;
  for (const Key& key : keys_) {
    if (!key_id.empty() ? key.id != key_id : !Fits(key, algorithm)) continue;
    if (found != nullptr) return Refused("KEY_UNKNOWN", "the token names no key, and its provider has several");
    found = &key;
  }
  if (found == nullptr) return Refused("KEY_UNKNOWN", "the token is signed by a key that its provider does not show");
  if (!Fits(*found, algorithm)) return Refused("KEY_UNFIT", "the token's key is not for its algorithm");
  return found;
}

absl::Status KeySet::Verify(std::string_view key_id, Algorithm algorithm, std::string_view message,
                            std::string_view signature) const {
  ASSIGN_OR_RETURN(const Key* const key, Find(key_id, algorithm));
  if (IsSignatureOf(key->key.get(), algorithm, message, signature)) return absl::OkStatus();
  return Refused("SIGNATURE_INVALID", "the token's signature is wrong");
}

}  // namespace crossdock::oidc
