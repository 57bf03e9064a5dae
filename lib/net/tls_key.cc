#include "lib/net/tls_key.h"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <cerrno>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/status.h"

namespace crossdock::net {
namespace {

constexpr size_t kPemSizeMax = 16u << 10;
constexpr int kOwnerOnly = 0600;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

// Never asks a terminal for a password.
int NoPassword(char*, int, int, void*) { return -1; }

bool IsP256(const EVP_PKEY* key) {
  char group[32] = "";
  size_t size = 0;
  return key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 && std::string_view(group) == "prime256v1";
}

std::shared_ptr<X509> SelfSign(EVP_PKEY* key) {
  std::shared_ptr<X509> made(X509_new(), X509_free);
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  // Nobody reads the dates: who is let in, and until when, is said by tickets and rosters.
  ASN1_TIME_set_string(X509_getm_notBefore(made.get()), "20200101000000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(made.get()), "99991231235959Z");
  X509_set_pubkey(made.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("crossdock"), -1, -1, 0);
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  INVARIANT(X509_sign(made.get(), key, EVP_sha256()) > 0) << "signing our own certificate";
  return made;
}

}  // namespace

std::string SpkiOf(X509* certificate) {
  if (!IsP256(X509_get0_pubkey(certificate))) return {};
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  std::string digest = base::ToHex(base::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)}));
  OPENSSL_free(der);
  return digest;
}

TlsKey::TlsKey(std::shared_ptr<EVP_PKEY> key)
    : key_(std::move(key)), certificate_(SelfSign(key_.get())), spki_(SpkiOf(certificate_.get())) {}

TlsKey TlsKey::Generate() {
  std::shared_ptr<EVP_PKEY> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  INVARIANT(key != nullptr) << "making a P-256 key";
  return TlsKey(std::move(key));
}

absl::StatusOr<TlsKey> TlsKey::FromPem(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::shared_ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassword, nullptr), EVP_PKEY_free);
  if (!IsP256(key.get())) {
    return base::WithReason(base::InvalidArgument("not a P-256 private key in PKCS#8 PEM without a password"),
                            "KEY_INVALID");
  }
  return TlsKey(std::move(key));
}

std::string TlsKey::ToPem() const {
  const Bio bio(BIO_new(BIO_s_secmem()), BIO_free);
  INVARIANT(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<size_t>(size)};
}

absl::StatusOr<TlsKey> TlsKey::Load(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return base::Errno(errno, "cannot open the TLS key ", path);
  if ((info.st_mode & 0077) != 0) {
    return base::WithReason(base::FailedPrecondition("others may read the TLS key ", path, "; chmod 600 it"),
                            "KEY_EXPOSED");
  }
  ASSIGN_OR_RETURN(const std::string pem, base::ReadFile(path, kPemSizeMax));
  absl::StatusOr<TlsKey> key = FromPem(pem);
  if (!key.ok()) return base::Annotate(key.status(), path);
  return key;
}

absl::StatusOr<TlsKey> TlsKey::LoadOrCreate(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) return Load(path);
  if (errno != ENOENT) return base::Errno(errno, "cannot open the TLS key ", path);
  TlsKey made = Generate();
  RETURN_IF_ERROR(base::WriteFileAtomic(path, made.ToPem(), kOwnerOnly));
  return made;
}

}  // namespace crossdock::net
