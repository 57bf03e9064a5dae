#include "orchestrator/api/admin_services.h"

#include <algorithm>
#include <map>
#include <set>

#include "lib/base/status.h"
#include "lib/trust/roster.h"
#include "orchestrator/api/authenticator.h"
#include "orchestrator/api/messages.h"
#include "orchestrator/api/page.h"

namespace crossdock::orchestrator::api {
namespace {

constexpr std::chrono::hours kTokenLifeMax{24 * 366};

absl::StatusOr<store::Roster> StoredRoster(const ApiContext& api) {
  return api.database.Transact([&](pg::Tx& tx) -> absl::StatusOr<store::Roster> {
    std::optional<store::Roster> roster = store::LatestRoster(tx);
    if (roster) return *std::move(roster);
    return base::WithReason(base::FailedPrecondition("there is no roster yet; set one with `crossdock roster set`"),
                            "ROSTER_MISSING");
  });
}

// Cuts `items`, which are few and sorted by `name`, into the page that `request` asks for.
template <typename Request, typename Items, typename Name, typename Add, typename Response>
absl::Status Page(const Request& request, const std::string& filter, const Items& items, const Name& name,
                  const Add& add, Response* response) {
  ASSIGN_OR_RETURN(const int size, PageSize(request.page_size()));
  ASSIGN_OR_RETURN(const auto position, ParsePageToken(request.page_token(), 1, filter));
  int taken = 0;
  std::string last;
  for (const auto& item : items) {
    if (!position.empty() && name(item) <= position[0]) continue;
    if (taken == size) {
      response->set_next_page_token(FormatPageToken({last}, filter));
      break;
    }
    add(item);
    last = name(item);
    ++taken;
  }
  return absl::OkStatus();
}

std::string LinkName(const store::Link& link) { return link.source_site + ">" + link.destination_site; }

void Fill(const store::Link& link, admin::v1::Link* out) {
  out->set_source_site(link.source_site);
  out->set_destination_site(link.destination_site);
  out->set_concurrency(static_cast<uint32_t>(link.concurrency));
  out->set_bytes_per_second_max(static_cast<uint64_t>(link.bytes_per_second_max));
  out->set_held(!link.held_reason.empty());
  out->set_held_reason(link.held_reason);
}

// Links that somebody set, and those that transfers use with the usual limits.
std::vector<admin::v1::Link> ReadLinks(pg::Tx& tx) {
  std::map<std::string, admin::v1::Link> links;
  for (const store::Link& link : store::ListLinks(tx)) Fill(link, &links[LinkName(link)]);
  for (const store::LinkLoad& load : store::LinkLoads(tx)) {
    store::Link usual;
    usual.source_site = load.source_site;
    usual.destination_site = load.destination_site;
    const auto [at, fresh] = links.try_emplace(LinkName(usual));
    if (fresh) Fill(usual, &at->second);
    at->second.set_running(static_cast<uint32_t>(load.running));
    at->second.set_queued(static_cast<uint32_t>(load.queued));
  }
  std::vector<admin::v1::Link> sorted;
  for (auto& [name, link] : links) sorted.push_back(std::move(link));
  return sorted;
}

admin::v1::Relay ToMessage(const store::Relay& relay, const Fleet& fleet) {
  admin::v1::Relay out;
  out.set_relay(relay.id);
  out.set_site(relay.site);
  out.set_spki(relay.spki);
  out.set_address_lan(relay.address_lan);
  out.set_address_wan(relay.address_wan);
  for (const RelayState& state : fleet.Relays()) {
    if (state.report.relay != relay.id) continue;
    out.set_tended(state.report.tended);
    out.set_draining(state.report.draining);
    out.set_load(state.report.load);
    out.set_problem(state.report.problem);
    out.set_busy_per_mille(state.report.busy_per_mille);
  }
  return out;
}

admin::v1::Agent ToMessage(const store::Agent& agent, const Fleet& fleet, const std::set<std::string>& denied) {
  admin::v1::Agent out;
  out.set_agent(agent.id);
  out.set_site(agent.site);
  out.set_version(agent.version);
  for (const std::string& volume : agent.volumes) out.add_volumes(volume);
  if (agent.certificate_expires) Put(*agent.certificate_expires, out.mutable_certificate_expires());
  if (agent.last_report) Put(*agent.last_report, out.mutable_last_report());
  out.set_denied(denied.contains(agent.tls_spki));
  if (const std::optional<AgentState> state = fleet.Find(agent.id)) {
    out.set_online(state->online);
    out.set_slots_free(state->report.slots_free);
    Put(state->last_seen, out.mutable_last_report());
  }
  return out;
}

}  // namespace

grpc::Status SiteService::ListSites(grpc::ServerContext* context, const admin::v1::ListSitesRequest* request,
                                    admin::v1::ListSitesResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    ASSIGN_OR_RETURN(const store::Roster stored, StoredRoster(api_));
    ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(stored.body, "roster"));
    std::vector<store::Agent> agents;
    std::vector<store::Relay> relays;
    RETURN_IF_ERROR(api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      agents = store::ListAgents(tx, "");
      relays = store::ListRelays(tx, "");
      return absl::OkStatus();
    }));
    std::vector<trust::Site> sites = roster.sites();
    std::sort(sites.begin(), sites.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    const auto add = [&](const trust::Site& site) {
      admin::v1::Site* out = response->add_sites();
      out->set_site(site.id);
      out->set_country(site.country);
      for (const trust::Certification& each : site.certifications) out->add_certifications(each.id);
      std::set<std::string> volumes;
      for (const store::Agent& agent : agents) {
        if (agent.site != site.id) continue;
        out->set_agents(out->agents() + 1);
        const std::optional<AgentState> state = api_.fleet.Find(agent.id);
        if (state && state->online) out->set_agents_online(out->agents_online() + 1);
        volumes.insert(agent.volumes.begin(), agent.volumes.end());
      }
      for (const std::string& volume : volumes) out->add_volumes(volume);
      out->set_relays(static_cast<uint32_t>(
          std::count_if(relays.begin(), relays.end(), [&](const auto& relay) { return relay.site == site.id; })));
    };
    return Page(
        *request, "sites", sites, [](const trust::Site& site) { return site.id; }, add, response);
  });
}

grpc::Status SiteService::ListLinks(grpc::ServerContext* context, const admin::v1::ListLinksRequest* request,
                                    admin::v1::ListLinksResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    const auto links = api_.database.Transact(
        [&](pg::Tx& tx) -> absl::StatusOr<std::vector<admin::v1::Link>> { return ReadLinks(tx); });
    RETURN_IF_ERROR(links.status());
    const auto name = [](const admin::v1::Link& link) { return link.source_site() + ">" + link.destination_site(); };
    return Page(
        *request, "links", *links, name, [&](const auto& link) { *response->add_links() = link; }, response);
  });
}

grpc::Status SiteService::SetLink(grpc::ServerContext* context, const admin::v1::SetLinkRequest* request,
                                  admin::v1::SetLinkResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const admin::v1::Link& link = request->link();
    if (link.held() && link.held_reason().empty()) {
      return rpc::InvalidFields({{"link.held_reason", "is missing: whoever waits wants to know why"}});
    }
    RETURN_IF_ERROR(api_.commands.SetLink(link.source_site(), link.destination_site(),
                                          static_cast<int>(std::min<uint32_t>(link.concurrency(), 1'000'000)),
                                          static_cast<int64_t>(link.bytes_per_second_max()),
                                          link.held() ? link.held_reason() : "",
                                          {caller.subject, request->request_id()}));
    *response->mutable_link() = link;
    return absl::OkStatus();
  });
}

grpc::Status SiteService::ListAgents(grpc::ServerContext* context, const admin::v1::ListAgentsRequest* request,
                                     admin::v1::ListAgentsResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    std::vector<store::Agent> agents;
    std::set<std::string> denied;
    RETURN_IF_ERROR(api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      agents = store::ListAgents(tx, request->site());
      for (const store::DeniedKey& key : store::DeniedKeys(tx)) denied.insert(key.spki);
      return absl::OkStatus();
    }));
    std::sort(agents.begin(), agents.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    const auto add = [&](const store::Agent& agent) { *response->add_agents() = ToMessage(agent, api_.fleet, denied); };
    return Page(
        *request, request->site(), agents, [](const store::Agent& agent) { return agent.id; }, add, response);
  });
}

grpc::Status SiteService::RegisterGrant(grpc::ServerContext* context, const admin::v1::RegisterGrantRequest* request,
                                        admin::v1::RegisterGrantResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    return api_.commands.RegisterGrant(request->grant(), {caller.subject, ""});
  });
}

grpc::Status SiteService::DenyKey(grpc::ServerContext* context, const admin::v1::DenyKeyRequest* request,
                                  admin::v1::DenyKeyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const uint64_t number,
                     api_.commands.DenyKey(request->spki(), request->reason(), {caller.subject, ""}));
    response->set_deny_number(number);
    return absl::OkStatus();
  });
}

grpc::Status SiteService::ListRelays(grpc::ServerContext* context, const admin::v1::ListRelaysRequest* request,
                                     admin::v1::ListRelaysResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    auto relays = api_.database.Transact(
        [&](pg::Tx& tx) -> absl::StatusOr<std::vector<store::Relay>> { return store::ListRelays(tx, ""); });
    RETURN_IF_ERROR(relays.status());
    std::sort(relays->begin(), relays->end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    const auto add = [&](const store::Relay& relay) { *response->add_relays() = ToMessage(relay, api_.fleet); };
    return Page(
        *request, "relays", *relays, [](const store::Relay& relay) { return relay.id; }, add, response);
  });
}

grpc::Status SiteService::AddRelay(grpc::ServerContext* context, const admin::v1::AddRelayRequest* request,
                                   admin::v1::AddRelayResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string id, api_.commands.AddRelay(request->statement(), {caller.subject, ""}));
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      for (const store::Relay& relay : store::ListRelays(tx, "")) {
        if (relay.id == id) *response->mutable_relay() = ToMessage(relay, api_.fleet);
      }
      return absl::OkStatus();
    });
  });
}

grpc::Status SiteService::SetRelayKeys(grpc::ServerContext* context, const admin::v1::SetRelayKeysRequest* request,
                                       admin::v1::SetRelayKeysResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    return api_.commands.SetRelayKeys(request->site(), request->bundle(), {caller.subject, ""});
  });
}

grpc::Status SiteService::GetTicketKey(grpc::ServerContext* context, const admin::v1::GetTicketKeyRequest*,
                                       admin::v1::GetTicketKeyResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    response->set_key(api_.commands.TicketKey());
    return absl::OkStatus();
  });
}

grpc::Status SiteService::GetRoster(grpc::ServerContext* context, const admin::v1::GetRosterRequest*,
                                    admin::v1::GetRosterResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    ASSIGN_OR_RETURN(const store::Roster roster, StoredRoster(api_));
    response->set_body(roster.body);
    response->set_statement(roster.statement);
    response->set_number(roster.number);
    return absl::OkStatus();
  });
}

grpc::Status SiteService::SetRoster(grpc::ServerContext* context, const admin::v1::SetRosterRequest* request,
                                    admin::v1::SetRosterResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    ASSIGN_OR_RETURN(const uint64_t number,
                     api_.commands.SetRoster(request->body(), request->statement(), {caller.subject, ""}));
    response->set_number(number);
    return absl::OkStatus();
  });
}

grpc::Status TokenService::CreateToken(grpc::ServerContext* context, const admin::v1::CreateTokenRequest* request,
                                       admin::v1::CreateTokenResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const std::chrono::seconds life(request->valid_seconds());
    if (life.count() <= 0 || life > kTokenLifeMax) {
      return rpc::InvalidFields({{"valid_seconds", "must be above 0 and at most a year"}});
    }
    if (request->subject().empty() || request->subject().size() > 64) {
      return rpc::InvalidFields({{"subject", "must have 1 to 64 bytes: who or what will use the token"}});
    }
    store::ApiToken token;
    for (const std::string& role : request->roles()) {
      if (!rpc::RoleOf(role)) return rpc::InvalidFields({{"roles", base::StrCat("there is no role '", role, "'")}});
      token.roles.push_back(role);
    }
    if (token.roles.empty()) return rpc::InvalidFields({{"roles", "are missing"}});
    const std::string secret = NewTokenSecret(api_.random);
    const base::Instant now = api_.clock.Now();
    token.id = base::NewId(api_.random, "k");
    token.hash = TokenHash(secret);
    token.subject = request->subject();
    token.client = request->client();
    token.expires = now + life;
    RETURN_IF_ERROR(api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      store::InsertToken(tx, token);
      store::Audit(tx, {0, now, token.client, caller.subject, "token.created", "", token.subject, "{}"});
      return absl::OkStatus();
    }));
    *response->mutable_token() = api::ToMessage(token);
    response->set_secret(secret);
    return absl::OkStatus();
  });
}

grpc::Status TokenService::ListTokens(grpc::ServerContext* context, const admin::v1::ListTokensRequest* request,
                                      admin::v1::ListTokensResponse* response) {
  return Serve(api_, *context, [&](const rpc::Caller&) -> absl::Status {
    auto tokens = api_.database.Transact(
        [&](pg::Tx& tx) -> absl::StatusOr<std::vector<store::ApiToken>> { return store::ListTokens(tx); });
    RETURN_IF_ERROR(tokens.status());
    std::sort(tokens->begin(), tokens->end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    const auto add = [&](const store::ApiToken& token) { *response->add_tokens() = api::ToMessage(token); };
    return Page(
        *request, "tokens", *tokens, [](const store::ApiToken& token) { return token.id; }, add, response);
  });
}

grpc::Status TokenService::RevokeToken(grpc::ServerContext* context, const admin::v1::RevokeTokenRequest* request,
                                       admin::v1::RevokeTokenResponse*) {
  return Serve(api_, *context, [&](const rpc::Caller& caller) -> absl::Status {
    const base::Instant now = api_.clock.Now();
    return api_.database.Transact([&](pg::Tx& tx) -> absl::Status {
      if (!store::RevokeToken(tx, request->token(), now)) {
        return base::WithReason(base::NotFound("there is no token '", base::PercentEscape(request->token()), "'"),
                                "TOKEN_UNKNOWN");
      }
      store::Audit(tx, {0, now, "", caller.subject, "token.revoked", "", request->token(), "{}"});
      return absl::OkStatus();
    });
  });
}

}  // namespace crossdock::orchestrator::api
