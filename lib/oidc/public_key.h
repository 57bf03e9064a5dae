// Public keys out of JWK members, and what they have signed. Inside this folder only.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string_view>

#include "lib/oidc/key_set.h"

namespace crossdock::oidc {

// Nothing for a key that we do not use: another kind or curve, too weak, or no key at all. Pure.
std::shared_ptr<evp_pkey_st> PublicKeyOf(const nlohmann::json& jwk);

bool FitsAlgorithm(evp_pkey_st* key, Algorithm algorithm);

// `key` fits `algorithm`. The signature as JWS has it: of ES256 the two numbers, 32 bytes each.
bool IsSignatureOf(evp_pkey_st* key, Algorithm algorithm, std::string_view message, std::string_view signature);

}  // namespace crossdock::oidc
