#include "lib/oidc/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <string>

#include "lib/base/encoding.h"
#include "lib/oidc/json.h"

namespace crossdock::oidc {
namespace {

constexpr size_t kFieldSize = 32;  // of P-256 and of Ed25519
constexpr int kRsaBitsMin = 2048;
constexpr int kRsaBitsMax = 8192;  // what is larger costs its verifier too much

using Number = std::unique_ptr<BIGNUM, void (*)(BIGNUM*)>;
using Key = std::shared_ptr<evp_pkey_st>;

const unsigned char* Data(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

Number NumberOf(std::string_view bytes) {
  return {BN_bin2bn(Data(bytes), static_cast<int>(bytes.size()), nullptr), BN_free};
}

// The bytes of a member in base 64; "" when it has none.
std::string BytesOf(const nlohmann::json& jwk, std::string_view name) {
  return base::FromBase64Url(StringOf(jwk, name)).value_or(std::string());
}

Key FromParameters(const char* kind, OSSL_PARAM_BLD* builder) {
  const std::unique_ptr<OSSL_PARAM, void (*)(OSSL_PARAM*)> parameters(OSSL_PARAM_BLD_to_param(builder),
                                                                      OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> context(
      EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return {key, EVP_PKEY_free};
}

Key RsaKey(const nlohmann::json& jwk) {
  const std::string modulus = BytesOf(jwk, "n");
  const std::string exponent = BytesOf(jwk, "e");
  if (modulus.size() > kRsaBitsMax / 8 || exponent.empty() || exponent.size() > 4) return nullptr;
  const Number n = NumberOf(modulus);
  const Number e = NumberOf(exponent);
  // Smaller exponents have weak signers about, and an even one is no exponent.
  if (BN_num_bits(n.get()) < kRsaBitsMin || BN_is_odd(n.get()) == 0 || BN_get_word(e.get()) < 65537 ||
      BN_is_odd(e.get()) == 0) {
    return nullptr;
  }
  const std::unique_ptr<OSSL_PARAM_BLD, void (*)(OSSL_PARAM_BLD*)> builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return nullptr;
  }
  return FromParameters("RSA", builder.get());
}

Key P256Key(const nlohmann::json& jwk) {
  const std::string x = BytesOf(jwk, "x");
  const std::string y = BytesOf(jwk, "y");
  if (x.size() != kFieldSize || y.size() != kFieldSize) return nullptr;
  const std::string point = '\x04' + x + y;  // uncompressed
  const std::unique_ptr<OSSL_PARAM_BLD, void (*)(OSSL_PARAM_BLD*)> builder(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return nullptr;
  }
  return FromParameters("EC", builder.get());  // refuses what is no point of the curve
}

Key Ed25519Key(const nlohmann::json& jwk) {
  const std::string x = BytesOf(jwk, "x");
  if (x.size() != kFieldSize) return nullptr;
  return {EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Data(x), x.size()), EVP_PKEY_free};
}

// DER, as OpenSSL wants it, of the two numbers that JWS has.
std::string EcdsaDer(std::string_view pair) {
  const std::unique_ptr<ECDSA_SIG, void (*)(ECDSA_SIG*)> numbers(ECDSA_SIG_new(), ECDSA_SIG_free);
  ECDSA_SIG_set0(numbers.get(), NumberOf(pair.substr(0, kFieldSize)).release(),
                 NumberOf(pair.substr(kFieldSize)).release());
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(numbers.get(), &der);
  std::string out(reinterpret_cast<char*>(der), size > 0 ? static_cast<size_t>(size) : 0);
  OPENSSL_free(der);
  return out;
}

}  // namespace

Key PublicKeyOf(const nlohmann::json& jwk) {
  const std::string kind = StringOf(jwk, "kty");
  const std::string curve = StringOf(jwk, "crv");
  Key key;
  if (kind == "RSA") key = RsaKey(jwk);
  if (kind == "EC" && curve == "P-256") key = P256Key(jwk);
  if (kind == "OKP" && curve == "Ed25519") key = Ed25519Key(jwk);
  ERR_clear_error();
  return key;
}

bool FitsAlgorithm(evp_pkey_st* key, Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::kRs256:
    case Algorithm::kPs256:
      return EVP_PKEY_is_a(key, "RSA") == 1;
    case Algorithm::kEs256:
      return EVP_PKEY_is_a(key, "EC") == 1;
    case Algorithm::kEdDsa:
      return EVP_PKEY_is_a(key, "ED25519") == 1;
  }
  return false;
}

bool IsSignatureOf(evp_pkey_st* key, Algorithm algorithm, std::string_view message, std::string_view signature) {
  std::string der;
  if (algorithm == Algorithm::kEs256) {
    if (signature.size() != 2 * kFieldSize) return false;
    der = EcdsaDer(signature);
    signature = der;
  }
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* how = nullptr;  // the context's own
  const EVP_MD* digest = algorithm == Algorithm::kEdDsa ? nullptr : EVP_sha256();
  bool good = context && EVP_DigestVerifyInit(context.get(), &how, digest, nullptr, key) == 1;
  if (algorithm == Algorithm::kPs256) {
    good = good && EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
  }
  good = good && EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message), message.size()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace crossdock::oidc
