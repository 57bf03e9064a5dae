// The built-in CA, for studios without one of their own: a P-256 key, a self-signed certificate, and leaf certificates
// that live for hours. Who may have one is decided before it is asked. Immutable; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"
#include "lib/base/p256_key.h"
#include "lib/base/random.h"

namespace crossdock::pki {

inline constexpr std::chrono::hours kLeafLifetime{12};
inline constexpr std::chrono::hours kLeafLifetimeMax{24 * 400};
inline constexpr std::chrono::days kCaLifetime{3650};
// A leaf is valid from a little before now, because the peer's clock may be behind.
inline constexpr std::chrono::seconds kBackdate{60};

struct CertificateAuthority {
  base::P256Key key;
  std::string certificate_pem;
};

// `trust_domain` becomes the name of the CA.
absl::StatusOr<CertificateAuthority> CreateCa(std::string_view trust_domain, base::Instant now, base::Random& random);
// From files; INVALID_ARGUMENT when the key is not the certificate's, or the certificate is no CA's.
absl::StatusOr<CertificateAuthority> LoadCa(std::string_view key_pem, std::string_view certificate_pem);

// What a server is dialled by, besides its SPIFFE name. Agents and people have none.
struct ServerNames {
  std::vector<std::string> dns;
  std::vector<std::string> ips;
};

// A leaf certificate, PEM, for the request's key and exactly `spiffe_uri`, which the request must ask for. Refused
// (INVALID_ARGUMENT): any other name in the request, a name of another trust domain than the CA's, a key that is not
// P-256, a bad signature, a lifetime beyond kLeafLifetimeMax.
absl::StatusOr<std::string> IssueFromCsr(const CertificateAuthority& ca, std::string_view csr_pem,
                                         std::string_view spiffe_uri, const ServerNames& names, base::Instant now,
                                         base::Random& random, std::chrono::seconds lifetime = kLeafLifetime);

}  // namespace crossdock::pki
