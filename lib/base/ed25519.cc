#include "lib/base/ed25519.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::base {
namespace {

constexpr std::string_view kTextPrefix = "ed25519:";

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Key OpenPrivate(std::string_view seed) {
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()), EVP_PKEY_free);
  INVARIANT(key != nullptr) << "OpenSSL takes any 32 bytes as an Ed25519 seed";
  return key;
}

// Never asks a terminal for a password.
int NoPassword(char*, int, int, void*) { return -1; }

}  // namespace

absl::StatusOr<PublicKey> PublicKey::FromRaw(std::string_view raw) {
  if (raw.size() != kEd25519KeySize) {
    return InvalidArgument("an Ed25519 public key has ", kEd25519KeySize, " bytes, not ", raw.size());
  }
  PublicKey key;
  std::copy(raw.begin(), raw.end(), key.bytes.begin());
  return key;
}

absl::StatusOr<PublicKey> PublicKey::FromHex(std::string_view hex) {
  ASSIGN_OR_RETURN(const std::string raw, base::FromHex(hex));
  return FromRaw(raw);
}

absl::StatusOr<PublicKey> PublicKey::FromText(std::string_view text) {
  if (!text.starts_with(kTextPrefix)) return InvalidArgument("a public key is written ed25519:<64 hex digits>");
  return FromHex(text.substr(kTextPrefix.size()));
}

std::string PublicKey::ToHex() const { return base::ToHex(Raw()); }
std::string PublicKey::ToText() const { return StrCat(kTextPrefix, ToHex()); }

PrivateKey PrivateKey::Generate(Random& random) {
  PrivateKey key;
  random.Fill(std::as_writable_bytes(std::span(key.seed_)));
  return key;
}

absl::StatusOr<PrivateKey> PrivateKey::FromSeed(std::string_view seed) {
  if (seed.size() != kEd25519KeySize) {
    return InvalidArgument("an Ed25519 seed has ", kEd25519KeySize, " bytes, not ", seed.size());
  }
  PrivateKey key;
  std::copy(seed.begin(), seed.end(), key.seed_.begin());
  return key;
}

absl::StatusOr<PrivateKey> PrivateKey::FromPem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
  if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
    return InvalidArgument("not an Ed25519 private key in PKCS#8 PEM without a password");
  }
  PrivateKey out;
  size_t size = out.seed_.size();
  INVARIANT(EVP_PKEY_get_raw_private_key(key.get(), out.seed_.data(), &size) == 1 && size == kEd25519KeySize);
  return out;
}

PrivateKey::~PrivateKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

PublicKey PrivateKey::Public() const {
  PublicKey out;
  size_t size = out.bytes.size();
  INVARIANT(EVP_PKEY_get_raw_public_key(OpenPrivate(Seed()).get(), out.bytes.data(), &size) == 1);
  return out;
}

std::string PrivateKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_secmem()), BIO_free);
  INVARIANT(
      PEM_write_bio_PKCS8PrivateKey(bio.get(), OpenPrivate(Seed()).get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

std::string Sign(const PrivateKey& key, std::string_view message) {
  const Key opened = OpenPrivate(key.Seed());
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(kEd25519SignatureSize, '\0');
  size_t size = signature.size();
  INVARIANT(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, opened.get()) == 1 &&
            EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, Bytes(message),
                           message.size()) == 1)
      << "Ed25519 signing";
  return signature;
}

bool Verify(const PublicKey& key, std::string_view message, std::string_view signature) {
  if (signature.size() != kEd25519SignatureSize) return false;
  const Key opened(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()),
                   EVP_PKEY_free);
  if (!opened) return false;
  const Context context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, opened.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message), message.size()) == 1;
}

std::string KeyId(const PublicKey& key) { return ToHex(Sha256(key.Raw())).substr(0, 16); }

}  // namespace crossdock::base
