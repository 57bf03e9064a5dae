#include "lib/base/p256_key.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <array>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::base {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

// Never asks a terminal for a password.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

P256Key P256Key::Generate() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  INVARIANT(key != nullptr) << "OpenSSL cannot make a P-256 key";
  return P256Key(std::shared_ptr<EVP_PKEY>(key, EVP_PKEY_free));
}

absl::StatusOr<P256Key> P256Key::FromPem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
  if (!IsP256(key.get())) {
    return WithReason(InvalidArgument("not a P-256 private key in PKCS#8 PEM without a password"), "KEY_INVALID");
  }
  return P256Key(std::move(key));
}

std::string P256Key::ToPem() const {
  const Bio bio(BIO_new(BIO_s_secmem()), BIO_free);
  INVARIANT(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string P256Key::SpkiSha256() const { return base::SpkiSha256(key_.get()); }

std::string SpkiSha256(evp_pkey_st* key) {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key, &der);
  INVARIANT(size > 0) << "a key that has no SubjectPublicKeyInfo";
  const std::string digest = Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return ToHex(digest);
}

bool IsP256(evp_pkey_st* key) {
  std::array<char, 64> group{};
  size_t size = 0;
  return key != nullptr && EVP_PKEY_get_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) == 1 &&
         std::string_view(group.data(), size) == "prime256v1";
}

}  // namespace crossdock::base
