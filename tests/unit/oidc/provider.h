// A provider of identities for tests: keys of each kind, and tokens that they have signed, sound or spoilt.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "lib/base/encoding.h"
#include "lib/oidc/token.h"

namespace crossdock::oidc {

using Json = nlohmann::json;

class SigningKey {
 public:
  static SigningKey Rsa(unsigned bits = 2048) {
    return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{bits}));
  }
  static SigningKey P256() { return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")); }
  static SigningKey Ed25519() { return SigningKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  Json Jwk(const std::string& id) const {
    Json jwk{{"kid", id}, {"use", "sig"}};
    if (EVP_PKEY_is_a(key_.get(), "RSA") == 1) {
      jwk["kty"] = "RSA";
      jwk["n"] = Number(OSSL_PKEY_PARAM_RSA_N, 0);
      jwk["e"] = Number(OSSL_PKEY_PARAM_RSA_E, 0);
    } else if (EVP_PKEY_is_a(key_.get(), "EC") == 1) {
      jwk["kty"] = "EC";
      jwk["crv"] = "P-256";
      jwk["x"] = Number(OSSL_PKEY_PARAM_EC_PUB_X, 32);
      jwk["y"] = Number(OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    } else {
      unsigned char raw[32];
      size_t size = sizeof raw;
      EVP_PKEY_get_raw_public_key(key_.get(), raw, &size);
      jwk["kty"] = "OKP";
      jwk["crv"] = "Ed25519";
      jwk["x"] = base::ToBase64Url({reinterpret_cast<char*>(raw), size});
    }
    return jwk;
  }

  std::string Sign(Algorithm algorithm, const std::string& message) const {
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_PKEY_CTX* how = nullptr;
    EVP_DigestSignInit(context.get(), &how, algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256(), nullptr,
                       key_.get());
    if (algorithm == Algorithm::kPs256) {
      EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
      EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    const auto* data = reinterpret_cast<const unsigned char*>(message.data());
    size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, data, message.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, data, message.size());
    signature.resize(size);
    return algorithm == Algorithm::kEs256 ? Pair(signature) : signature;
  }

 private:
  explicit SigningKey(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}

  std::string Number(const char* name, int size) const {
    BIGNUM* number = nullptr;
    EVP_PKEY_get_bn_param(key_.get(), name, &number);
    std::string bytes(static_cast<size_t>(std::max(size, BN_num_bytes(number))), '\0');
    BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
    BN_free(number);
    return base::ToBase64Url(bytes);
  }

  // The two numbers of an ECDSA signature in DER, 32 bytes each.
  static std::string Pair(const std::string& der) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* numbers = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    std::string pair(64, '\0');
    BN_bn2binpad(ECDSA_SIG_get0_r(numbers), reinterpret_cast<unsigned char*>(pair.data()), 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(numbers), reinterpret_cast<unsigned char*>(pair.data()) + 32, 32);
    ECDSA_SIG_free(numbers);
    return pair;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

inline std::string Unsigned(const Json& header, const Json& claims) {
  return base::ToBase64Url(header.dump()) + "." + base::ToBase64Url(claims.dump());
}

inline std::string Token(const SigningKey& key, Algorithm algorithm, const Json& claims, Json header = {}) {
  if (!header.contains("alg")) header["alg"] = AlgorithmName(algorithm);
  if (!header.contains("kid")) header["kid"] = "one";
  const std::string text = Unsigned(header, claims);
  return text + "." + base::ToBase64Url(key.Sign(algorithm, text));
}

}  // namespace crossdock::oidc
