#include "lib/trust/credential.h"

#include <array>

#include "lib/base/digest.h"
#include "lib/base/encoding.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"
#include "lib/trust/reasons.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/verify_roster.h"

namespace crossdock::trust {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

absl::Status CheckNumber(std::string_view what, uint64_t number, uint64_t number_min) {
  if (number >= number_min) return absl::OkStatus();
  return Refused(kNumberTooOld, what, " number ", number, " is older than number ", number_min, " seen here");
}

}  // namespace

absl::StatusOr<JoinGrant> VerifyJoinGrant(std::string_view signed_grant, const Roster& roster) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_grant));
  ASSIGN_OR_RETURN(JoinGrant grant, Decode<JoinGrant>(statement.statement()));
  ASSIGN_OR_RETURN(const SiteAdmin* admin, roster.FindSiteAdmin(grant.site_admin, grant.site, grant.not_before));
  RETURN_IF_ERROR(statement.VerifyExactly(admin->key));
  // A leaked token is denied by the id of its enrolment key.
  RETURN_IF_ERROR(roster.CheckNotDenied(grant.enrolment_key, "the join grant"));
  return grant;
}

absl::Status CheckGrantTime(const JoinGrant& grant, base::Instant at) {
  if (at >= grant.not_before - kClockTolerance && at < grant.not_after + kClockTolerance) return absl::OkStatus();
  return Refused(kGrantExpired, "the join grant for site ", grant.site, " is valid from ",
                 base::FormatSeconds(grant.not_before), " to ", base::FormatSeconds(grant.not_after), ", and this is ",
                 base::FormatSeconds(at), "; make a new token with crossdock agent grant");
}

absl::StatusOr<VerifiedAgent> VerifyAgentCredential(std::string_view signed_grant, std::string_view signed_identity,
                                                    const Roster& roster, base::Instant now) {
  ASSIGN_OR_RETURN(const JoinGrant grant, VerifyJoinGrant(signed_grant, roster));
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_identity));
  ASSIGN_OR_RETURN(const AgentIdentity identity, Decode<AgentIdentity>(statement.statement()));
  if (identity.grant_sha256 != base::ToHex(base::Sha256(signed_grant))) {
    return Refused(kGrantMismatch, "agent '", identity.agent,
                   "' was admitted by another join grant than the one shown");
  }
  if (identity.site != grant.site) {
    return Refused(kGrantMismatch, "agent '", identity.agent, "' claims site '", identity.site,
                   "', but its grant is for site '", grant.site, "'");
  }
  RETURN_IF_ERROR(statement.VerifyExactly(std::array{grant.enrolment_key, identity.identity_key}));
  RETURN_IF_ERROR(CheckGrantTime(grant, identity.made));
  const std::string what = base::StrCat("agent '", identity.agent, "'");
  RETURN_IF_ERROR(CheckNotInFuture(identity.made, now, base::StrCat("the identity of ", what)));
  RETURN_IF_ERROR(roster.CheckNotDenied(identity.identity_key, what));
  RETURN_IF_ERROR(roster.CheckSpkiNotDenied(identity.tls_spki, what));
  return VerifiedAgent{identity.agent,    identity.site,         identity.identity_key,
                       identity.tls_spki, identity.grant_sha256, grant.site_admin};
}

absl::StatusOr<RelayStatement> VerifyRelay(std::string_view signed_statement, const Roster& roster, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(RelayStatement relay, Decode<RelayStatement>(statement.statement()));
  ASSIGN_OR_RETURN(const SiteAdmin* admin, roster.FindSiteAdmin(relay.site_admin, relay.site, relay.added));
  RETURN_IF_ERROR(statement.VerifyExactly(admin->key));
  const std::string what = base::StrCat("relay '", relay.relay, "'");
  RETURN_IF_ERROR(roster.CheckSpkiNotDenied(relay.spki, what));
  RETURN_IF_ERROR(CheckNotInFuture(relay.added, now, base::StrCat("the statement on ", what)));
  return relay;
}

absl::StatusOr<RelayKeys> VerifyRelayKeys(std::string_view signed_statement, const base::PublicKey& site_admin,
                                          uint64_t number_min, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(RelayKeys keys, Decode<RelayKeys>(statement.statement()));
  RETURN_IF_ERROR(statement.VerifyExactly(site_admin));
  RETURN_IF_ERROR(CheckNumber("the ticket keys'", keys.number, number_min));
  RETURN_IF_ERROR(CheckNotInFuture(keys.issued, now, "the bundle of ticket keys"));
  if (now >= keys.expires) {
    return Refused(kKeysExpired, "the bundle of ticket keys expired at ", base::FormatSeconds(keys.expires),
                   "; a site admin must sign a new one with crossdock relay keys sign");
  }
  return keys;
}

absl::StatusOr<RelayDeny> VerifyRelayDeny(std::string_view signed_statement, const base::PublicKey& ticket_key,
                                          uint64_t number_min, base::Instant now) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(RelayDeny deny, Decode<RelayDeny>(statement.statement()));
  RETURN_IF_ERROR(statement.VerifyExactly(ticket_key));
  RETURN_IF_ERROR(CheckNumber("the denial list's", deny.number, number_min));
  RETURN_IF_ERROR(CheckNotInFuture(deny.issued, now, "the denial list"));
  return deny;
}

absl::StatusOr<Receipt> VerifyReceipt(std::string_view signed_statement, const VerifiedAgent& agent) {
  ASSIGN_OR_RETURN(const SignedStatement statement, SignedStatement::Parse(signed_statement));
  ASSIGN_OR_RETURN(Receipt receipt, Decode<Receipt>(statement.statement()));
  RETURN_IF_ERROR(statement.VerifyExactly(agent.identity_key));
  if (receipt.agent != agent.agent || receipt.site != agent.site) {
    return Refused(kReceiptMismatch, "agent '", agent.agent, "' of site '", agent.site, "' signed a receipt for '",
                   receipt.agent, "' of site '", receipt.site, "'");
  }
  return receipt;
}

}  // namespace crossdock::trust
