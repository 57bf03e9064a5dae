#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/pki/certificate.h"
#include "lib/trust/credential.h"
#include "nlohmann/json.hpp"
#include "orchestrator/engine/desk.h"
#include "orchestrator/engine/rules.h"
#include "orchestrator/store/evidence.h"
#include "orchestrator/store/identity.h"

namespace crossdock::orchestrator::engine {
namespace {

// An outage as long as this strands no agent.
constexpr std::chrono::days kRenewAfterExpiryMax{30};

std::string SpiffeOf(const trust::Roster& roster, std::string_view site, std::string_view agent) {
  return base::StrCat("spiffe://", roster.trust_domain(), "/site/", site, "/agent/", agent);
}

absl::Status CheckNotDenied(pg::Tx& tx, const trust::Roster& roster, std::string_view spki, std::string_view agent) {
  RETURN_IF_ERROR(roster.CheckSpkiNotDenied(spki, base::StrCat("agent '", agent, "'")));
  for (const store::DeniedKey& key : store::DeniedKeys(tx)) {
    if (key.spki == spki)
      return base::WithReason(base::PermissionDenied("the key of agent '", agent, "' is denied"), "KEY_DENIED");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Enrolled> Enrolments::Enrol(std::string_view grant, std::string_view identity, std::string_view csr) {
  const base::Instant now = context_.clock.Now();
  return context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<Enrolled> {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    ASSIGN_OR_RETURN(const trust::VerifiedAgent agent, trust::VerifyAgentCredential(grant, identity, roster, now));
    const std::optional<store::JoinGrant> registered = store::GetGrant(tx, base::ToHex(base::Sha256(grant)));
    if (!registered)
      return base::WithReason(
          base::PermissionDenied(
              "this join token was never registered; make it with `crossdock agent grant --register`"),
          "GRANT_UNKNOWN");
    if (registered->not_after + trust::kClockTolerance < now)
      return base::WithReason(base::PermissionDenied("this join token has expired; make a new one"), "GRANT_EXPIRED");
    if (!store::UseGrant(tx, registered->digest, agent.agent)) {
      return base::WithReason(
          base::PermissionDenied("this join token has already admitted another agent; make a new one"), "GRANT_USED");
    }
    // A token admits a newcomer; it must not take over the name of an agent with another key.
    const std::optional<store::Agent> known = store::GetAgent(tx, agent.agent);
    if (known && known->site != agent.site) {
      return base::WithReason(
          base::PermissionDenied("there is an agent '", agent.agent, "' at another site; choose another name"),
          "AGENT_EXISTS");
    }
    RETURN_IF_ERROR(CheckNotDenied(tx, roster, agent.tls_spki, agent.agent));
    ASSIGN_OR_RETURN(const pki::CsrInfo request, pki::ReadCsr(csr));
    if (request.spki_sha256 != agent.tls_spki) {
      return base::WithReason(
          base::PermissionDenied("the certificate request is not by the TLS key that the identity names"),
          "KEY_MISMATCH");
    }
    Enrolled enrolled;
    enrolled.spiffe_id = SpiffeOf(roster, agent.site, agent.agent);
    ASSIGN_OR_RETURN(enrolled.certificate_pem, pki::IssueFromCsr(authority_, csr, enrolled.spiffe_id, {}, now,
                                                                 context_.random, certificate_life_));
    enrolled.ca_pem = authority_.certificate_pem;
    enrolled.session_address = session_address_;
    const std::optional<store::Roster> row = store::LatestRoster(tx);
    enrolled.roster_body = row->body;
    enrolled.roster_statement = row->statement;
    store::Agent stored;
    stored.id = agent.agent;
    stored.site = agent.site;
    stored.identity = identity;
    stored.grant = grant;
    stored.identity_key = agent.identity_key.ToHex();
    stored.tls_spki = agent.tls_spki;
    stored.certificate_expires = now + certificate_life_;
    store::PutAgent(tx, stored, now);
    const nlohmann::json detail = {
        {"agent", agent.agent}, {"site", agent.site}, {"site_admin", agent.site_admin}, {"tls_spki", agent.tls_spki}};
    store::Audit(tx, {0, now, "", base::StrCat("agent/", agent.agent), "agent.enrolled", "", "ok", detail.dump()});
    return enrolled;
  });
}

absl::StatusOr<Enrolled> Enrolments::Renew(std::string_view agent_id, std::string_view csr) {
  const base::Instant now = context_.clock.Now();
  return context_.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<Enrolled> {
    ASSIGN_OR_RETURN(const trust::Roster roster, CurrentRoster(tx));
    const std::optional<store::Agent> agent = store::GetAgent(tx, agent_id);
    ASSIGN_OR_RETURN(const pki::CsrInfo request, pki::ReadCsr(csr));
    // One answer for both, so that names cannot be tried out.
    if (!agent || request.spki_sha256 != agent->tls_spki) {
      return base::WithReason(base::PermissionDenied("no agent of this name has enrolled with this key"),
                              "KEY_MISMATCH");
    }
    RETURN_IF_ERROR(CheckNotDenied(tx, roster, agent->tls_spki, agent->id));
    RETURN_IF_ERROR(trust::VerifyAgentCredential(agent->grant, agent->identity, roster, now).status());
    if (agent->certificate_expires && *agent->certificate_expires + kRenewAfterExpiryMax < now) {
      return base::WithReason(base::PermissionDenied("the certificate of agent '", agent_id,
                                                     "' expired more than 30 days ago; enrol it anew"),
                              "CERTIFICATE_TOO_OLD");
    }
    Enrolled enrolled;
    ASSIGN_OR_RETURN(enrolled.certificate_pem,
                     pki::IssueFromCsr(authority_, csr, SpiffeOf(roster, agent->site, agent->id), {}, now,
                                       context_.random, certificate_life_));
    enrolled.ca_pem = authority_.certificate_pem;
    store::SetCertificateExpiry(tx, agent->id, now + certificate_life_);
    return enrolled;
  });
}

}  // namespace crossdock::orchestrator::engine
