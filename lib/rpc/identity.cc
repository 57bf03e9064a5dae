#include "lib/rpc/identity.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <vector>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"

namespace crossdock::rpc {
namespace {

constexpr std::string_view kScheme = "spiffe://";
constexpr size_t kPartSizeMax = 63;

bool IsPart(std::string_view part) {
  return !part.empty() && part.size() <= kPartSizeMax && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

std::vector<std::string_view> SplitParts(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t slash = text.find('/');
    parts.push_back(text.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    text.remove_prefix(slash + 1);
  }
}

base::Instant InstantOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return base::Instant{};
  return base::Instant(std::chrono::seconds(::timegm(&parts)));
}

absl::StatusOr<std::string> OnlyUri(const X509* certificate) {
  std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> uris;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), ASN1_STRING_length(uri));
  }
  if (uris.size() != 1) return base::InvalidArgument("the certificate has ", uris.size(), " URI names, not one");
  return uris.front();
}

}  // namespace

absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view uri) {
  const absl::Status refused =
      base::InvalidArgument("'", base::PercentEscape(uri.substr(0, 256)), "' is not a SPIFFE name of ours");
  if (uri.substr(0, kScheme.size()) != kScheme) return refused;
  const auto parts = SplitParts(uri.substr(kScheme.size()));
  if (!std::all_of(parts.begin(), parts.end(), IsPart)) return refused;
  SpiffeId id;
  id.trust_domain = std::string(parts[0]);
  if (parts.size() == 5 && parts[1] == "site" && (parts[3] == "agent" || parts[3] == "relay")) {
    id.kind = parts[3] == "agent" ? PeerKind::kAgent : PeerKind::kRelay;
    id.site = std::string(parts[2]);
    id.name = std::string(parts[4]);
    return id;
  }
  if (parts.size() == 3 && (parts[1] == "orchestrator" || parts[1] == "user")) {
    id.kind = parts[1] == "user" ? PeerKind::kUser : PeerKind::kOrchestrator;
    id.name = std::string(parts[2]);
    return id;
  }
  return refused;
}

std::string FormatSpiffeId(const SpiffeId& id) {
  switch (id.kind) {
    case PeerKind::kAgent:
      return base::StrCat(kScheme, id.trust_domain, "/site/", id.site, "/agent/", id.name);
    case PeerKind::kRelay:
      return base::StrCat(kScheme, id.trust_domain, "/site/", id.site, "/relay/", id.name);
    case PeerKind::kOrchestrator:
      return base::StrCat(kScheme, id.trust_domain, "/orchestrator/", id.name);
    case PeerKind::kUser:
      return base::StrCat(kScheme, id.trust_domain, "/user/", id.name);
  }
  return "";
}

absl::StatusOr<PeerCertificate> ReadPeerCertificate(std::string_view pem) {
  std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::unique_ptr<X509, void (*)(X509*)> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                                     X509_free);
  if (!certificate) return base::InvalidArgument("not a PEM certificate");
  ASSIGN_OR_RETURN(const std::string uri, OnlyUri(certificate.get()));
  PeerCertificate read;
  ASSIGN_OR_RETURN(read.id, ParseSpiffeId(uri));
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  if (size <= 0) return base::InvalidArgument("the certificate's key cannot be read");
  read.spki_sha256 =
      base::ToHex(base::Sha256(std::string_view(reinterpret_cast<const char*>(der), static_cast<size_t>(size))));
  OPENSSL_free(der);
  read.not_before = InstantOf(X509_get0_notBefore(certificate.get()));
  read.not_after = InstantOf(X509_get0_notAfter(certificate.get()));
  return read;
}

}  // namespace crossdock::rpc
