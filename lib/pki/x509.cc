#include "lib/pki/x509.h"

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/pki/certificate.h"

namespace crossdock::pki {
namespace {

absl::StatusOr<Bio> Open(std::string_view pem) {
  if (pem.size() > kPemSizeMax) return base::InvalidArgument("a PEM text of more than ", kPemSizeMax, " bytes");
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
}

}  // namespace

absl::StatusOr<Certificate> ParseCertificate(std::string_view pem) {
  ASSIGN_OR_RETURN(const Bio bio, Open(pem));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (!certificate) return base::InvalidArgument("not a certificate in PEM");
  return certificate;
}

absl::StatusOr<Request> ParseRequest(std::string_view pem) {
  ASSIGN_OR_RETURN(const Bio bio, Open(pem));
  Request request(PEM_read_bio_X509_REQ(bio.get(), nullptr, nullptr, nullptr), X509_REQ_free);
  if (!request) return base::InvalidArgument("not a certificate request in PEM");
  return request;
}

std::string ToPem(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free);
  INVARIANT(PEM_write_bio_X509(bio.get(), certificate) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

X509_EXTENSION* MakeExtension(int nid, const std::string& value, X509* issuer, X509* subject) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, subject, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  INVARIANT(extension != nullptr) << "OpenSSL refuses the extension " << value;
  return extension;
}

absl::StatusOr<std::string> UriOf(const GENERAL_NAMES* names, bool only) {
  const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names);
  std::string uri;
  int uris = 0;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI) {
      if (only) return base::InvalidArgument("a request asks for its SPIFFE name alone; other names are the issuer's");
      continue;
    }
    const ASN1_IA5STRING* text = name->d.uniformResourceIdentifier;
    uri.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
               static_cast<size_t>(ASN1_STRING_length(text)));
    ++uris;
  }
  if (uris != 1 || !IsSpiffeUri(uri)) {
    return base::InvalidArgument("exactly one URI name, a SPIFFE one, is needed; there are ", uris, " URI names");
  }
  return uri;
}

}  // namespace crossdock::pki
