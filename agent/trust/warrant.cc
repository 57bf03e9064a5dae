#include "agent/trust/warrant.h"

#include <algorithm>
#include <utility>

#include "lib/base/status.h"
#include "lib/clearance/clearance.h"
#include "lib/trust/credential.h"
#include "lib/trust/reasons.h"

namespace crossdock::agent {
namespace {

template <typename... Parts>
absl::Status Refused(std::string_view reason, const Parts&... parts) {
  return base::WithReason(base::PermissionDenied(parts...), reason);
}

policy::Facts FactsOf(const Warrant& warrant) {
  policy::Facts facts;
  for (const auto& [name, asserted] : warrant.asserted_facts) {
    if (asserted.list) {
      facts.values[name] = policy::Fact(asserted.values);
    } else if (asserted.values.size() == 1) {
      facts.values[name] = policy::Fact(asserted.values.front());
    }
  }
  return facts;
}

clearance::Request RequestOf(const Task& task, const MoveTask& move, const TrustStore::Objections& objections) {
  clearance::Request request;
  request.transfer = task.transfer;
  request.source = {move.warrant.source_site, move.source.volume, move.source.path};
  request.destination = {move.warrant.destination_site, move.destination.volume, move.destination.path};
  // Both ends hold what they scan, or are sent, against exactly these.
  request.measured = {move.listing, move.content, move.files, move.bytes};
  request.asserted = FactsOf(move.warrant);
  request.approvals = move.warrant.approvals;
  for (const std::string& denial : objections.denials) {
    const auto& brought = move.warrant.approvals;
    if (std::find(brought.begin(), brought.end(), denial) == brought.end()) request.approvals.push_back(denial);
  }
  request.delegations = move.warrant.delegations;
  request.withdrawn = objections.withdrawn;
  request.ended = objections.ended;
  request.break_glass = move.warrant.break_glass;
  return request;
}

absl::StatusOr<trust::VerifiedAgent> CheckPeer(const MoveTask& move, const trust::Roster& roster, base::Instant now) {
  auto peer = trust::VerifyAgentCredential(move.peer.grant, move.peer.identity, roster, now);
  if (!peer.ok()) {
    return Refused(base::StrCat("PEER_", base::ReasonOf(peer.status())),
                   "the agent at the other end is not believed: ", base::ToStd(peer.status().message()));
  }
  RETURN_IF_ERROR(roster.CheckSpkiNotDenied(peer->tls_spki, base::StrCat("agent '", peer->agent, "'")));
  const std::string& site = move.send ? move.warrant.destination_site : move.warrant.source_site;
  if (peer->site != site) {
    return Refused("PEER_OTHER_SITE", "the agent at the other end belongs to site '", peer->site, "', not '", site,
                   "'");
  }
  return peer;
}

}  // namespace

absl::StatusOr<Warranted> WarrantCheck::Check(const Task& task, const MoveTask& move) const {
  const base::Instant now = clock_.Now();
  // Before anything is read: what changes meanwhile is asked about again.
  const uint64_t revision = store_.revision();
  const std::shared_ptr<const trust::Roster> roster = store_.roster();
  if (roster->number() < move.warrant.roster_number) {
    return base::WithReason(base::Unavailable("this was decided with roster ", move.warrant.roster_number,
                                              ", but this agent has been given ", roster->number(), " so far"),
                            "ROSTER_BEHIND");
  }
  RETURN_IF_ERROR(roster->CheckFresh(now));
  const std::string& own = move.send ? move.warrant.source_site : move.warrant.destination_site;
  if (own != site_) return Refused("WARRANT_OTHER_SITE", "this is work for site '", own, "', not for '", site_, "'");

  Warranted warranted;
  ASSIGN_OR_RETURN(const trust::VerifiedAgent peer, CheckPeer(move, *roster, now));
  warranted.peer_spki = peer.tls_spki;
  ASSIGN_OR_RETURN(const trust::RelayStatement relay, trust::VerifyRelay(move.route.relay_statement, *roster, now));
  if (relay.site != site_) return Refused("RELAY_OTHER_SITE", "relay '", relay.relay, "' is not of this site");
  warranted.relay_address = relay.address_lan;
  warranted.relay_spki = relay.spki;

  // Whose policy it must be follows from the path, by clearance; that it is in force, from an officer's signature.
  std::vector<clearance::SignedPolicy> policies;
  for (const SignedPolicy& each : move.warrant.policies)
    policies.push_back({each.text, each.activation, each.calendars});
  const clearance::SeenPolicy seen = [this](const std::string& scope) { return store_.PolicySeen(scope); };
  ASSIGN_OR_RETURN(const clearance::VerifiedLayers layers,
                   clearance::VerifyLayers(policies, *roster, seen, now, &parsed_));
  ASSIGN_OR_RETURN(const clearance::Clearance clearance,
                   clearance::Decide(RequestOf(task, move, store_.ObjectionsTo(task.transfer)), layers, *roster, now));
  RETURN_IF_ERROR(clearance::CheckNoneMissing(clearance, layers, seen));
  RETURN_IF_ERROR(clearance::ToStatus(clearance));
  if (clearance.binding.client != move.warrant.client) {
    return Refused(trust::kPathOfOtherClient, "the path belongs to client ", clearance.binding.client);
  }
  for (const clearance::VerifiedPolicy& layer : layers.layers) {
    RETURN_IF_ERROR(store_.RememberPolicy(policy::ScopeKey(layer.policy->scope()),
                                          {layer.activation.number, layer.policy->digest}));
  }
  warranted.roster_number = roster->number();
  warranted.policy_number = layers.number();
  warranted.policy_digest = layers.digest();
  warranted.verify = policy::VerifyName(clearance.decision.verify);
  warranted.record = clearance.decision.obligations.mhl;
  warranted.record_formats = clearance.decision.obligations.record_formats;
  warranted.scan = clearance.decision.obligations.scan;
  warranted.until = clearance.until;
  warranted.revision = revision;
  return warranted;
}

}  // namespace crossdock::agent
