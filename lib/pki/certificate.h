// Certificate requests, and what a certificate says. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/p256_key.h"

namespace crossdock::pki {

inline constexpr size_t kPemSizeMax = 64u << 10;

// Whether `uri` is spiffe://<trust domain>/<path> of lower-case letters, digits and - _ . /, without empty parts.
bool IsSpiffeUri(std::string_view uri);

// A PKCS#10 request, PEM, that asks for exactly one name: `spiffe_uri`.
absl::StatusOr<std::string> CreateCsr(const base::P256Key& key, std::string_view spiffe_uri);

struct CsrInfo {
  std::string spiffe_uri;
  std::string spki_sha256;
};
// Checks the request's own signature, that its key is P-256, and that one SPIFFE URI is all that it asks for.
absl::StatusOr<CsrInfo> ReadCsr(std::string_view pem);

struct CertificateInfo {
  std::string spiffe_uri;  // empty for a CA
  std::string spki_sha256;
  std::string sha256;  // of the DER certificate, lower hex
  base::Instant not_before;
  base::Instant not_after;
  bool is_ca = false;
};
// Of the first certificate in `pem`. INVALID_ARGUMENT when there is none, or when it has several URI names.
absl::StatusOr<CertificateInfo> ReadCertificate(std::string_view pem);

// CERTIFICATE_EXPIRED when its life is over; `name` says which one it is.
absl::Status CheckNotExpired(const CertificateInfo& certificate, std::string_view name, base::Instant now);
// When to ask for the next one: half of the life is over.
base::Instant RenewAt(const CertificateInfo& certificate);

}  // namespace crossdock::pki
