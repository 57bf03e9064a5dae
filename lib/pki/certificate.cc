#include "lib/pki/certificate.h"

#include <algorithm>
#include <ctime>

#include "lib/base/check.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/pki/x509.h"

namespace crossdock::pki {
namespace {

using Names = std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)>;

void FreeExtensions(STACK_OF(X509_EXTENSION) * extensions) {
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

base::Instant InstantOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return base::Instant(std::chrono::seconds(::timegm(&parts)));
}

}  // namespace

bool IsSpiffeUri(std::string_view uri) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!uri.starts_with(kScheme) || uri.size() > 255) return false;
  uri.remove_prefix(kScheme.size());
  if (uri.empty() || uri.front() == '/' || uri.back() == '/' || uri.find("//") != std::string_view::npos) return false;
  return uri.find('/') != std::string_view::npos && std::all_of(uri.begin(), uri.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '/';
         });
}

absl::StatusOr<std::string> CreateCsr(const base::P256Key& key, std::string_view spiffe_uri) {
  if (!IsSpiffeUri(spiffe_uri)) {
    return base::InvalidArgument("'", base::PercentEscape(spiffe_uri), "' is no SPIFFE name such as ",
                                 "spiffe://demo.studio/site/lon/agent/lon-1");
  }
  const Request request(X509_REQ_new(), X509_REQ_free);
  const Extensions extensions(sk_X509_EXTENSION_new_null(), FreeExtensions);
  STACK_OF(X509_EXTENSION)* list = extensions.get();
  sk_X509_EXTENSION_push(list, MakeExtension(NID_subject_alt_name, base::StrCat("URI:", spiffe_uri), nullptr, nullptr));
  INVARIANT(X509_REQ_set_version(request.get(), 0) == 1 && X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
            X509_REQ_add_extensions(request.get(), list) == 1 &&
            X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0)
      << "making a certificate request";
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  INVARIANT(PEM_write_bio_X509_REQ(bio.get(), request.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

absl::StatusOr<CsrInfo> ReadCsr(std::string_view pem) {
  ASSIGN_OR_RETURN(const Request request, ParseRequest(pem));
  EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
  if (!base::IsP256(key)) return base::InvalidArgument("a certificate request needs a P-256 key");
  if (X509_REQ_verify(request.get(), key) != 1) {
    return base::InvalidArgument("the certificate request is not signed by the key that it is for");
  }
  const Extensions extensions(X509_REQ_get_extensions(request.get()), FreeExtensions);
  const int count = extensions ? sk_X509_EXTENSION_num(extensions.get()) : 0;
  if (count != 1) return base::InvalidArgument("a certificate request asks for its name alone, not ", count, " things");
  const Names names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  CsrInfo info;
  ASSIGN_OR_RETURN(info.spiffe_uri, UriOf(names.get(), true));
  info.spki_sha256 = base::SpkiSha256(key);
  return info;
}

absl::StatusOr<CertificateInfo> ReadCertificate(std::string_view pem) {
  ASSIGN_OR_RETURN(const Certificate certificate, ParseCertificate(pem));
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  if (key == nullptr) return base::InvalidArgument("the certificate's key cannot be read");
  CertificateInfo info;
  info.is_ca = X509_check_ca(certificate.get()) == 1;
  if (!info.is_ca) {
    const Names names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)),
        GENERAL_NAMES_free);
    ASSIGN_OR_RETURN(info.spiffe_uri, UriOf(names.get(), false));
  }
  info.spki_sha256 = base::SpkiSha256(key);
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate.get(), &der);
  INVARIANT(size > 0);
  info.sha256 = base::ToHex(base::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)}));
  OPENSSL_free(der);
  info.not_before = InstantOf(X509_get0_notBefore(certificate.get()));
  info.not_after = InstantOf(X509_get0_notAfter(certificate.get()));
  return info;
}

absl::Status CheckNotExpired(const CertificateInfo& certificate, std::string_view name, base::Instant now) {
  if (now <= certificate.not_after) return absl::OkStatus();
  return base::WithReason(
      base::FailedPrecondition("the certificate ", name, " ended at ", base::FormatSeconds(certificate.not_after),
                               "; put a new one in its place"),
      "CERTIFICATE_EXPIRED");
}

base::Instant RenewAt(const CertificateInfo& certificate) {
  return certificate.not_before + (certificate.not_after - certificate.not_before) / 2;
}

}  // namespace crossdock::pki
