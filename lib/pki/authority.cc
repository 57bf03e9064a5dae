#include "lib/pki/authority.h"

#include <arpa/inet.h>

#include <algorithm>

#include "lib/base/check.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/pki/certificate.h"
#include "lib/pki/x509.h"

namespace crossdock::pki {
namespace {

bool IsDnsName(std::string_view name) {
  if (name.empty() || name.size() > 253 || name.front() == '.' || name.front() == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool IsIp(const std::string& text) {
  unsigned char address[16];
  return ::inet_pton(AF_INET, text.c_str(), address) == 1 || ::inet_pton(AF_INET6, text.c_str(), address) == 1;
}

time_t SecondsOf(base::Instant instant) {
  return static_cast<time_t>(std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count());
}

// 127 random bits: positive, and never repeated.
void SetSerial(X509* certificate, base::Random& random) {
  std::string bytes = random.Bytes(16);
  bytes[0] = static_cast<char>((static_cast<unsigned char>(bytes[0]) & 0x7f) | 0x40);
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(
      BN_bin2bn(reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), nullptr),
      BN_free);
  INVARIANT(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr);
}

void SetCommonName(X509_NAME* name, std::string_view text) {
  INVARIANT(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(text.data()),
                                       static_cast<int>(text.size()), -1, 0) == 1);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509_EXTENSION* extension = MakeExtension(nid, value, issuer, certificate);
  INVARIANT(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate NewCertificate(EVP_PKEY* key, base::Instant from, base::Instant to, base::Random& random) {
  Certificate certificate(X509_new(), X509_free);
  INVARIANT(X509_set_version(certificate.get(), 2) == 1 && X509_set_pubkey(certificate.get(), key) == 1 &&
            ASN1_TIME_set(X509_getm_notBefore(certificate.get()), SecondsOf(from)) != nullptr &&
            ASN1_TIME_set(X509_getm_notAfter(certificate.get()), SecondsOf(to)) != nullptr);
  SetSerial(certificate.get(), random);
  return certificate;
}

// The CA's common name is its trust domain; see CreateCa.
std::string TrustDomainOf(X509* ca) {
  char text[256] = {};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(ca), NID_commonName, text, sizeof text);
  return size > 0 ? std::string(text, static_cast<size_t>(size)) : std::string();
}

absl::StatusOr<std::string> AlternativeNames(std::string_view spiffe_uri, const ServerNames& names) {
  std::string value = base::StrCat("URI:", spiffe_uri);
  for (const std::string& dns : names.dns) {
    if (!IsDnsName(dns)) return base::InvalidArgument("'", base::PercentEscape(dns), "' is no DNS name");
    value += base::StrCat(",DNS:", dns);
  }
  for (const std::string& ip : names.ips) {
    if (!IsIp(ip)) return base::InvalidArgument("'", base::PercentEscape(ip), "' is no IP address");
    value += base::StrCat(",IP:", ip);
  }
  return value;
}

}  // namespace

absl::StatusOr<CertificateAuthority> CreateCa(std::string_view trust_domain, base::Instant now, base::Random& random) {
  if (!IsSpiffeUri(base::StrCat("spiffe://", trust_domain, "/x")) || trust_domain.find('/') != std::string_view::npos ||
      trust_domain.size() > 64) {
    return base::InvalidArgument("'", base::PercentEscape(trust_domain),
                                 "' is no trust domain; use up to 64 lower-case letters, digits, '.', '-', '_'");
  }
  const base::P256Key key = base::P256Key::Generate();
  const Certificate certificate = NewCertificate(key.get(), now - kBackdate, now + kCaLifetime, random);
  SetCommonName(X509_get_subject_name(certificate.get()), trust_domain);
  INVARIANT(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1);
  AddExtension(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  AddExtension(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  INVARIANT(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return CertificateAuthority{key, ToPem(certificate.get())};
}

absl::StatusOr<CertificateAuthority> LoadCa(std::string_view key_pem, std::string_view certificate_pem) {
  ASSIGN_OR_RETURN(const base::P256Key key, base::P256Key::FromPem(key_pem));
  ASSIGN_OR_RETURN(const CertificateInfo info, ReadCertificate(certificate_pem));
  if (!info.is_ca) return base::InvalidArgument("the CA's certificate is not one of a CA");
  if (info.spki_sha256 != key.SpkiSha256()) return base::InvalidArgument("the CA's key is not its certificate's");
  return CertificateAuthority{key, std::string(certificate_pem)};
}

absl::StatusOr<std::string> IssueFromCsr(const CertificateAuthority& ca, std::string_view csr_pem,
                                         std::string_view spiffe_uri, const ServerNames& names, base::Instant now,
                                         base::Random& random, std::chrono::seconds lifetime) {
  ASSIGN_OR_RETURN(const CsrInfo asked, ReadCsr(csr_pem));
  if (asked.spiffe_uri != spiffe_uri) {
    return base::InvalidArgument("the request asks for the name ", asked.spiffe_uri, ", but may have ", spiffe_uri);
  }
  if (lifetime <= std::chrono::seconds(0) || lifetime > kLeafLifetimeMax) {
    return base::InvalidArgument("a certificate lives between 1 second and ", kLeafLifetimeMax.count(), " hours");
  }
  ASSIGN_OR_RETURN(const Certificate issuer, ParseCertificate(ca.certificate_pem));
  const std::string trust_domain = TrustDomainOf(issuer.get());
  if (!spiffe_uri.starts_with(base::StrCat("spiffe://", trust_domain, "/"))) {
    return base::InvalidArgument("the CA is of trust domain ", trust_domain, " and does not issue ", spiffe_uri);
  }
  ASSIGN_OR_RETURN(const std::string alternative_names, AlternativeNames(spiffe_uri, names));
  ASSIGN_OR_RETURN(const Request request, ParseRequest(csr_pem));
  const Certificate certificate =
      NewCertificate(X509_REQ_get0_pubkey(request.get()), now - kBackdate, now + lifetime, random);
  // The last part of the name, for people who look at certificates.
  SetCommonName(X509_get_subject_name(certificate.get()), spiffe_uri.substr(spiffe_uri.rfind('/') + 1).substr(0, 64));
  INVARIANT(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())) == 1);
  AddExtension(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(certificate.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  AddExtension(certificate.get(), issuer.get(), NID_ext_key_usage, "clientAuth,serverAuth");
  AddExtension(certificate.get(), issuer.get(), NID_subject_key_identifier, "hash");
  AddExtension(certificate.get(), issuer.get(), NID_authority_key_identifier, "keyid:always");
  AddExtension(certificate.get(), issuer.get(), NID_subject_alt_name, alternative_names);
  INVARIANT(X509_sign(certificate.get(), ca.key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get());
}

}  // namespace crossdock::pki
