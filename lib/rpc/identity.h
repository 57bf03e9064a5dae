// Who is at the other end of a connection: the SPIFFE name in its certificate.
//
// spiffe://<trust-domain>/site/<site>/agent/<id>, /site/<site>/relay/<id>, /orchestrator/<id>, /user/<id>.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "lib/base/clock.h"

namespace crossdock::rpc {

enum class PeerKind { kAgent, kRelay, kOrchestrator, kUser };

struct SpiffeId {
  PeerKind kind = PeerKind::kUser;
  std::string trust_domain;
  std::string site;  // agents and relays only
  std::string name;
};

// Each part is 1 … 63 characters of a-z, 0-9, '-', '_' and '.'. Anything else is INVALID_ARGUMENT.
absl::StatusOr<SpiffeId> ParseSpiffeId(std::string_view uri);
std::string FormatSpiffeId(const SpiffeId& id);

// What is taken from a verified certificate.
struct PeerCertificate {
  SpiffeId id;
  std::string spki_sha256;  // lower hex, of the DER SubjectPublicKeyInfo: what deny lists name
  base::Instant not_before;
  base::Instant not_after;
};

// Reads the first certificate of a PEM text; INVALID_ARGUMENT unless it has exactly one URI name, a SPIFFE one.
absl::StatusOr<PeerCertificate> ReadPeerCertificate(std::string_view pem);

}  // namespace crossdock::rpc
