#include "agent/identity.h"

#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <utility>

#include "agent/trust/trust_store.h"
#include "crossdock/agent/v1/session.grpc.pb.h"
#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/base/status.h"
#include "lib/pki/certificate.h"
#include "lib/pki/join_token.h"
#include "lib/rpc/channel.h"
#include "lib/rpc/identity.h"
#include "lib/rpc/status.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"

namespace crossdock::agent {
namespace {

namespace v1 = crossdock::agent::v1;

constexpr std::chrono::seconds kCallTimeout{30};

bool Exists(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0;
}

std::string SpiffeOf(const Config& config) {
  return rpc::FormatSpiffeId({rpc::PeerKind::kAgent, config.trust_domain, config.site, config.agent});
}

// The key that is there, or a new one: an interrupted enrolment goes on with the same.
absl::StatusOr<base::P256Key> TlsKeyAt(const std::string& path) {
  if (!Exists(path)) RETURN_IF_ERROR(base::WriteNewKeyFile(path, base::P256Key::Generate().ToPem()));
  return base::ReadP256Key(path);
}
absl::StatusOr<base::PrivateKey> SigningKeyAt(const std::string& path, base::Random& random) {
  if (!Exists(path)) RETURN_IF_ERROR(base::WriteNewKeyFile(path, base::PrivateKey::Generate(random).ToPem()));
  return base::ReadSigningKey(path);
}

absl::StatusOr<std::string> MakeIdentity(const Config& config, const pki::JoinToken& token, const base::P256Key& tls,
                                         const base::PrivateKey& key, base::Instant now) {
  trust::AgentIdentity identity;
  identity.agent = config.agent;
  identity.site = config.site;
  identity.identity_key = key.Public();
  identity.tls_spki = tls.SpkiSha256();
  identity.grant_sha256 = base::ToHex(base::Sha256(token.signed_grant));
  identity.made = now;
  ASSIGN_OR_RETURN(const std::string statement, trust::Encode(identity));
  const std::array<base::PrivateKey, 2> signers = {token.enrolment_key, key};
  return trust::SignedStatement::Sign(statement, signers).Format();
}

absl::Status Store(const Config& config, const pki::JoinToken& token, std::string_view roster_root,
                   const std::string& identity, const v1::EnrolResponse& answer, base::Instant now) {
  const IdentityPaths paths(config.state);
  RETURN_IF_ERROR(TrustStore::Create(config.state, roster_root, answer.roster_body(), answer.roster_statement(), now));
  RETURN_IF_ERROR(base::WriteFileAtomic(paths.certificate, answer.certificate()));
  RETURN_IF_ERROR(base::WriteFileAtomic(paths.ca, answer.ca()));
  RETURN_IF_ERROR(base::WriteFileAtomic(paths.grant, token.signed_grant));
  RETURN_IF_ERROR(base::WriteFileAtomic(paths.enrolment_server, token.orchestrator));
  RETURN_IF_ERROR(base::WriteFileAtomic(paths.orchestrator, answer.session_address()));
  // Last: its presence says that the enrolment is complete.
  return base::WriteFileAtomic(paths.identity, identity);
}

}  // namespace

IdentityPaths::IdentityPaths(const std::string& state)
    : tls_key(state + "/tls.key"),
      identity_key(state + "/identity.key"),
      certificate(state + "/tls.pem"),
      ca(state + "/ca.pem"),
      identity(state + "/identity"),
      grant(state + "/grant"),
      orchestrator(state + "/orchestrator"),
      enrolment_server(state + "/enrolment_server"),
      sessions(state + "/sessions"),
      receipts(state + "/receipts"),
      witness(state + "/witness") {}

absl::Status Enrol(const Config& config, std::string_view text, const base::Clock& clock, base::Random& random) {
  ASSIGN_OR_RETURN(const pki::JoinToken token, pki::DecodeJoinToken(text));
  ASSIGN_OR_RETURN(const trust::SignedStatement grant, trust::SignedStatement::Parse(token.signed_grant));
  ASSIGN_OR_RETURN(const trust::JoinGrant said, trust::Decode<trust::JoinGrant>(grant.statement()));
  if (said.site != config.site) {
    return base::WithReason(base::InvalidArgument("the token is for site '", said.site,
                                                  "', but the configuration says '", config.site, "'"),
                            "GRANT_MISMATCH");
  }
  const IdentityPaths paths(config.state);
  if (Exists(paths.identity)) {
    return base::WithReason(base::AlreadyExists("this agent is enrolled; to begin anew remove ", config.state),
                            "ENROLLED_ALREADY");
  }
  std::error_code error;
  std::filesystem::create_directories(paths.receipts, error);
  if (error) return base::InvalidArgument("cannot make ", paths.receipts, ": ", error.message());
  std::filesystem::permissions(config.state, std::filesystem::perms::owner_all, error);

  ASSIGN_OR_RETURN(const base::P256Key tls, TlsKeyAt(paths.tls_key));
  ASSIGN_OR_RETURN(const base::PrivateKey key, SigningKeyAt(paths.identity_key, random));
  ASSIGN_OR_RETURN(const std::string identity, MakeIdentity(config, token, tls, key, clock.Now()));
  ASSIGN_OR_RETURN(const std::string csr, pki::CreateCsr(tls, SpiffeOf(config)));
  ASSIGN_OR_RETURN(const auto channel, rpc::MakePinnedChannel(token.orchestrator, token.ca_sha256));
  v1::EnrolRequest request;
  request.set_grant(token.signed_grant);
  request.set_identity(identity);
  request.set_csr(csr);
  v1::EnrolResponse answer;
  const auto context = rpc::CallWithin(kCallTimeout);
  RETURN_IF_ERROR(rpc::FromGrpc(v1::EnrolmentService::NewStub(channel)->Enrol(context.get(), request, &answer)));
  return Store(config, token, said.roster_root, identity, answer, clock.Now());
}

absl::StatusOr<Identity> LoadIdentity(const Config& config) {
  const IdentityPaths paths(config.state);
  if (!Exists(paths.identity)) {
    return base::WithReason(
        base::FailedPrecondition("this agent is not enrolled; run it with --enrol, and a join token on its input"),
        "ENROLMENT_MISSING");
  }
  ASSIGN_OR_RETURN(base::PrivateKey key, base::ReadSigningKey(paths.identity_key));
  ASSIGN_OR_RETURN(std::string identity, base::ReadFile(paths.identity));
  ASSIGN_OR_RETURN(std::string grant, base::ReadFile(paths.grant));
  ASSIGN_OR_RETURN(std::string orchestrator, base::ReadFile(paths.orchestrator));
  ASSIGN_OR_RETURN(std::string server, base::ReadFile(paths.enrolment_server));
  return Identity{std::move(identity), std::move(grant), std::move(orchestrator), std::move(server), std::move(key)};
}

absl::StatusOr<base::Instant> RenewalTime(const Config& config) {
  ASSIGN_OR_RETURN(const std::string pem, base::ReadFile(IdentityPaths(config.state).certificate));
  ASSIGN_OR_RETURN(const pki::CertificateInfo certificate, pki::ReadCertificate(pem));
  return pki::RenewAt(certificate);
}

absl::Status Renew(const Config& config, const Identity& identity) {
  const IdentityPaths paths(config.state);
  ASSIGN_OR_RETURN(const base::P256Key tls, base::ReadP256Key(paths.tls_key));
  ASSIGN_OR_RETURN(const std::string csr, pki::CreateCsr(tls, SpiffeOf(config)));
  rpc::ChannelOptions options;
  options.server = identity.enrolment_server;
  options.ca_path = paths.ca;
  options.trust_domain = config.trust_domain;
  ASSIGN_OR_RETURN(const auto channel, rpc::MakeChannel(options));
  v1::RenewRequest request;
  request.set_agent(config.agent);
  request.set_csr(csr);
  v1::RenewResponse answer;
  const auto context = rpc::CallWithin(kCallTimeout);
  RETURN_IF_ERROR(rpc::FromGrpc(v1::EnrolmentService::NewStub(channel)->Renew(context.get(), request, &answer)));
  return base::WriteFileAtomic(paths.certificate, answer.certificate());
}

}  // namespace crossdock::agent
