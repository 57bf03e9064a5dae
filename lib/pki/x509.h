// OpenSSL's X.509 objects with owners, shared by the files of this folder only.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace crossdock::pki {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Request = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;
using Extensions = std::unique_ptr<STACK_OF(X509_EXTENSION), void (*)(STACK_OF(X509_EXTENSION)*)>;

absl::StatusOr<Certificate> ParseCertificate(std::string_view pem);
absl::StatusOr<Request> ParseRequest(std::string_view pem);
std::string ToPem(X509* certificate);

// The extension `nid` with `value` in OpenSSL's configuration syntax; the caller has validated what is in it.
// `issuer` and `subject` are for key identifiers and may be null.
X509_EXTENSION* MakeExtension(int nid, const std::string& value, X509* issuer, X509* subject);

// The one URI among `names`; an error when there are several names in it of which one is no URI and `only` is set.
absl::StatusOr<std::string> UriOf(const GENERAL_NAMES* names, bool only);

}  // namespace crossdock::pki
