#include "lib/net/tls_key.h"

#include <openssl/x509.h>

#include <utility>

#include "lib/base/check.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/base/status.h"

namespace crossdock::net {
namespace {

constexpr int kOwnerOnly = 0600;

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

std::string SpkiOf(const X509* certificate) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  return base::IsP256(key) ? base::SpkiSha256(key) : std::string();
}

TlsKey::TlsKey(base::P256Key key)
    : key_(std::move(key)), certificate_(SelfSign(key_.get())), spki_(key_.SpkiSha256()) {}

absl::StatusOr<TlsKey> TlsKey::Load(const std::string& path) {
  ASSIGN_OR_RETURN(base::P256Key key, base::ReadP256Key(path));
  return TlsKey(std::move(key));
}

absl::StatusOr<TlsKey> TlsKey::LoadOrCreate(const std::string& path) {
  absl::StatusOr<TlsKey> found = Load(path);
  if (found.status().code() != absl::StatusCode::kNotFound) return found;
  base::P256Key made = base::P256Key::Generate();
  RETURN_IF_ERROR(base::WriteFileAtomic(path, made.ToPem(), kOwnerOnly));
  return TlsKey(std::move(made));
}

}  // namespace crossdock::net
