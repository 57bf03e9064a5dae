// The agent's identity on disk, below the `state` directory: made by enrolment, read at every start.
//
//   tls.key identity.key    private keys, made here, never sent
//   tls.pem ca.pem          the certificate, renewed at half of its life, and the CA
//   identity grant          signed statements: who this agent is, and who let it in
//   orchestrator            host:port of the agents' port
//   roster.json …           agent/trust
//   witness/                agent/witness
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "agent/config.h"
#include "lib/base/clock.h"
#include "lib/base/ed25519.h"
#include "lib/base/random.h"

namespace crossdock::agent {

struct Identity {
  std::string identity;  // signed statements
  std::string grant;
  std::string orchestrator;      // host:port of the agents' port
  std::string enrolment_server;  // host:port that enrols and renews
  base::PrivateKey key;
};

struct IdentityPaths {
  explicit IdentityPaths(const std::string& state);
  std::string tls_key, identity_key, certificate, ca, identity, grant, orchestrator, enrolment_server, sessions,
      receipts, witness;
};

// Makes keys and an identity under the token's grant, and has the orchestrator issue a certificate. Interrupted, it
// can be called again with the same token.
absl::Status Enrol(const Config& config, std::string_view token, const base::Clock& clock, base::Random& random);
// ENROLMENT_MISSING before the first enrolment.
absl::StatusOr<Identity> LoadIdentity(const Config& config);

// When the certificate should be renewed; its file says.
absl::StatusOr<base::Instant> RenewalTime(const Config& config);
// A new certificate for the same key; new connections use it, old ones stay.
absl::Status Renew(const Config& config, const Identity& identity);

}  // namespace crossdock::agent
