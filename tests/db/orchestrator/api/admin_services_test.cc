// Sites, links, agents, relays, the roster, policies, triggers: what administrators ask and hand in.
#include "catch2/catch.hpp"
#include "orchestrator/store/rules.h"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = admin::v1;
using Sites = v1::SiteService;
using SiteStub = v1::SiteService::Stub;
using testing::ApiServer;
using testing::Ask;

constexpr char kKeyOfOfficers[] = "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

std::string RosterBody() {
  return base::StrCat(
      "schema: crossdock/roster/v1\nnumber: 3\nexpires: \"2035-01-01T00:00:00Z\"\ntrust_domain: test.studio\n",
      "threshold: 1\nofficers: [{name: olga, key: \"", kKeyOfOfficers, "\"}]\nsite_admins: []\n",
      "sites: [{id: van, country: CA}, {id: lon, country: GB}]\napprovers: []\npaths: []\ndenied: []\n");
}

void PutRoster(ApiServer& server) {
  server.Write([&](pg::Tx& tx) { store::InsertRoster(tx, {3, RosterBody(), "signed"}, server.clock.Now()); });
}

store::Agent AgentOf(const std::string& id, const std::string& site) {
  store::Agent agent;
  agent.id = id;
  agent.site = site;
  agent.identity = "identity";
  agent.grant = "grant";
  agent.identity_key = "k-" + id;
  agent.tls_spki = "spki-" + id;
  agent.volumes = {"proj"};
  return agent;
}

TEST_CASE("sites are the roster's, with the agents and relays that they have") {
  ApiServer server;
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  v1::ListSitesResponse sites;
  CHECK(base::ReasonOf(Ask<Sites>(viewer, &SiteStub::ListSites, v1::ListSitesRequest(), &sites)) == "ROSTER_MISSING");

  PutRoster(server);
  server.Write([&](pg::Tx& tx) {
    store::PutAgent(tx, AgentOf("lon-1", "lon"), server.clock.Now());
    store::PutAgent(tx, AgentOf("lon-2", "lon"), server.clock.Now());
    store::PutRelay(tx, {"lon-r1", "lon", "aa", "10.0.0.1:7", "1.2.3.4:7", "signed"}, server.clock.Now());
  });
  server.fleet.Connected(1, "lon-1", "lon", "1.0", {}, server.clock.Now());
  REQUIRE(Ask<Sites>(viewer, &SiteStub::ListSites, v1::ListSitesRequest(), &sites).ok());
  REQUIRE(sites.sites_size() == 2);
  CHECK(sites.sites(0).site() == "lon");
  CHECK(sites.sites(0).country() == "GB");
  CHECK(sites.sites(0).agents() == 2);
  CHECK(sites.sites(0).agents_online() == 1);
  CHECK(sites.sites(0).relays() == 1);
  CHECK(sites.sites(1).site() == "van");
  CHECK(sites.sites(1).agents() == 0);

  v1::GetRosterResponse roster;
  REQUIRE(Ask<Sites>(viewer, &SiteStub::GetRoster, v1::GetRosterRequest(), &roster).ok());
  CHECK(roster.body() == RosterBody());
  CHECK(roster.statement() == "signed");
  CHECK(roster.number() == 3);
}

TEST_CASE("agents and relays are listed in pages, with what they said last and whether their key is denied") {
  ApiServer server;
  const auto viewer = server.WithToken(server.TokenFor("view", {"viewer"}));
  server.Write([&](pg::Tx& tx) {
    for (const char* id : {"lon-2", "lon-1", "van-1"}) {
      store::PutAgent(tx, AgentOf(id, std::string(id).substr(0, 3)), server.clock.Now());
    }
    store::DenyKey(tx, "spki-lon-2", "stolen", "test", server.clock.Now());
    store::PutRelay(tx, {"lon-r1", "lon", "aa", "10.0.0.1:7", "1.2.3.4:7", "signed"}, server.clock.Now());
  });
  AgentReport report;
  report.slots_free = 3;
  report.relays.resize(1);
  report.relays[0].relay = "lon-r1";
  report.relays[0].tended = true;
  report.relays[0].load = 5;
  server.fleet.Connected(1, "lon-1", "lon", "1.0", {}, server.clock.Now());
  REQUIRE(server.fleet.Reported(1, "lon-1", report, server.clock.Now()));

  v1::ListAgentsRequest request;
  request.set_page_size(1);
  request.set_site("lon");
  v1::ListAgentsResponse page;
  REQUIRE(Ask<Sites>(viewer, &SiteStub::ListAgents, request, &page).ok());
  REQUIRE(page.agents_size() == 1);
  CHECK(page.agents(0).agent() == "lon-1");
  CHECK(page.agents(0).online());
  CHECK(page.agents(0).slots_free() == 3);
  CHECK_FALSE(page.agents(0).denied());
  request.set_page_token(page.next_page_token());
  REQUIRE(Ask<Sites>(viewer, &SiteStub::ListAgents, request, &page).ok());
  REQUIRE(page.agents_size() == 1);
  CHECK(page.agents(0).agent() == "lon-2");
  CHECK_FALSE(page.agents(0).online());
  CHECK(page.agents(0).denied());
  CHECK(page.next_page_token().empty());

  v1::ListRelaysResponse relays;
  REQUIRE(Ask<Sites>(viewer, &SiteStub::ListRelays, v1::ListRelaysRequest(), &relays).ok());
  REQUIRE(relays.relays_size() == 1);
  CHECK(relays.relays(0).tended());
  CHECK(relays.relays(0).load() == 5);
  CHECK(relays.relays(0).address_wan() == "1.2.3.4:7");
}

TEST_CASE("a link shows its limits and its load, and is set by operators of the whole studio") {
  ApiServer server;
  server.Insert("t-1", "northlight", {Cause::kAccepted, Cause::kManifestReady, Cause::kAllowed});
  server.Write([](pg::Tx& tx) { store::PutLink(tx, {"van", "lon", 2, 1000, "cable cut"}); });
  const auto operators = server.WithToken(server.TokenFor("ops", {"operator"}));
  v1::ListLinksResponse links;
  REQUIRE(Ask<Sites>(operators, &SiteStub::ListLinks, v1::ListLinksRequest(), &links).ok());
  REQUIRE(links.links_size() == 2);
  CHECK(links.links(0).source_site() == "lon");
  CHECK(links.links(0).queued() == 1);
  CHECK(links.links(1).held());
  CHECK(links.links(1).held_reason() == "cable cut");

  v1::SetLinkRequest request;
  request.set_request_id("r-1");
  request.mutable_link()->set_source_site("lon");
  request.mutable_link()->set_destination_site("van");
  request.mutable_link()->set_concurrency(8);
  request.mutable_link()->set_held(true);
  v1::SetLinkResponse response;
  CHECK(rpc::FieldViolationsOf(Ask<Sites>(operators, &SiteStub::SetLink, request, &response)).at(0).field ==
        "link.held_reason");
  request.mutable_link()->set_held_reason("night");
  REQUIRE(Ask<Sites>(operators, &SiteStub::SetLink, request, &response).ok());
  CHECK(server.commands.last_call() == "SetLink lon>van 8 0 'night' by token:ops r-1");
  const auto bound = server.WithToken(server.TokenFor("guest", {"operator"}, "northlight"));
  CHECK(base::ReasonOf(Ask<Sites>(bound, &SiteStub::SetLink, request, &response)) == "CLIENT_MISMATCH");
}

TEST_CASE("signed statements go to the engine as they are, from whoever may hand them in") {
  ApiServer server;
  server.Write([&](pg::Tx& tx) {
    store::PutRelay(tx, {"lon-r1", "lon", "aa", "10.0.0.1:7", "1.2.3.4:7", "signed"}, server.clock.Now());
  });
  const auto sam = server.WithToken(server.TokenFor("sam", {"site-admin"}));
  const auto olga = server.WithToken(server.TokenFor("olga", {"roster-signer"}));

  v1::RegisterGrantRequest grant;
  grant.set_grant("a grant");
  v1::RegisterGrantResponse granted;
  REQUIRE(Ask<Sites>(sam, &SiteStub::RegisterGrant, grant, &granted).ok());
  CHECK(server.commands.last_call() == "RegisterGrant a grant by token:sam");
  CHECK(absl::IsPermissionDenied(Ask<Sites>(olga, &SiteStub::RegisterGrant, grant, &granted)));

  v1::AddRelayRequest relay;
  relay.set_statement("a relay");
  v1::AddRelayResponse added;
  REQUIRE(Ask<Sites>(sam, &SiteStub::AddRelay, relay, &added).ok());
  CHECK(server.commands.last_call() == "AddRelay a relay by token:sam");
  CHECK(added.relay().site() == "lon");

  v1::SetRelayKeysRequest keys;
  keys.set_site("lon");
  keys.set_bundle("a bundle");
  v1::SetRelayKeysResponse set;
  REQUIRE(Ask<Sites>(sam, &SiteStub::SetRelayKeys, keys, &set).ok());
  CHECK(server.commands.last_call() == "SetRelayKeys lon a bundle by token:sam");

  v1::DenyKeyRequest deny;
  deny.set_spki("ab");
  deny.set_reason("stolen");
  v1::DenyKeyResponse denied;
  CHECK(absl::IsPermissionDenied(Ask<Sites>(sam, &SiteStub::DenyKey, deny, &denied)));
  REQUIRE(Ask<Sites>(olga, &SiteStub::DenyKey, deny, &denied).ok());
  CHECK(denied.deny_number() == 7);
  CHECK(server.commands.last_call() == "DenyKey ab stolen by token:olga");

  v1::SetRosterRequest roster;
  roster.set_body("body");
  roster.set_statement("signed");
  v1::SetRosterResponse in_force;
  REQUIRE(Ask<Sites>(olga, &SiteStub::SetRoster, roster, &in_force).ok());
  CHECK(in_force.number() == 7);
  CHECK(absl::IsPermissionDenied(Ask<Sites>(sam, &SiteStub::SetRoster, roster, &in_force)));

  v1::GetTicketKeyResponse ticket;
  REQUIRE(Ask<Sites>(sam, &SiteStub::GetTicketKey, v1::GetTicketKeyRequest(), &ticket).ok());
  CHECK(ticket.key() == "ed25519:00");
}

store::Policy PolicyOf(const std::string& client, const std::string& digest, base::Instant now) {
  store::Policy policy;
  policy.client = client;
  policy.digest = digest;
  policy.title = "Rules of " + client;
  policy.text = "text";
  policy.author = "token:author";
  policy.proposed = now;
  return policy;
}

TEST_CASE("a policy is proposed by one and activated by another, shown in English, and nobody else's business") {
  ApiServer server;
  using Policies = v1::PolicyService;
  using Stub = v1::PolicyService::Stub;
  store::Policy policy = PolicyOf("northlight", "d1", server.clock.Now());
  server.Write([&](pg::Tx& tx) {
    store::InsertPolicy(tx, policy);
    store::InsertPolicy(tx, PolicyOf("otherclient", "d2", server.clock.Now()));
  });
  const auto author = server.WithToken(server.TokenFor("author", {"policy-author"}));
  v1::ProposePolicyRequest propose;
  propose.set_text("text");
  v1::ProposePolicyResponse proposed;
  REQUIRE(Ask<Policies>(author, &Stub::ProposePolicy, propose, &proposed).ok());
  CHECK(proposed.policy().title() == "Rules of northlight");
  CHECK(server.commands.calls() ==
        std::vector<std::string>{"ProposePolicy text validate by token:author", "ProposePolicy text by token:author"});
  v1::ActivatePolicyRequest activate;
  activate.set_activation("signed");
  v1::ActivatePolicyResponse activated;
  CHECK(absl::IsPermissionDenied(Ask<Policies>(author, &Stub::ActivatePolicy, activate, &activated)));
  const auto officer = server.WithToken(server.TokenFor("olga", {"policy-approver"}));
  REQUIRE(Ask<Policies>(officer, &Stub::ActivatePolicy, activate, &activated).ok());
  CHECK(server.commands.last_call() == "ActivatePolicy signed by token:olga");

  // Of somebody who is bound to another client.
  const auto bound = server.WithToken(server.TokenFor("guest", {"policy-author"}, "otherclient"));
  CHECK(base::ReasonOf(Ask<Policies>(bound, &Stub::ProposePolicy, propose, &proposed)) == "CLIENT_MISMATCH");
  CHECK(server.commands.last_call() == "ProposePolicy text validate by token:guest");
  v1::ListPoliciesResponse list;
  REQUIRE(Ask<Policies>(bound, &Stub::ListPolicies, v1::ListPoliciesRequest(), &list).ok());
  REQUIRE(list.policies_size() == 1);
  CHECK(list.policies(0).client() == "otherclient");

  server.commands.lines = {"1. Nothing leaves."};
  v1::GetPolicyRequest get;
  get.set_client("northlight");
  v1::GetPolicyResponse got;
  CHECK(base::ReasonOf(Ask<Policies>(officer, &Stub::GetPolicy, get, &got)) == "POLICY_UNKNOWN");  // none in force
  get.set_digest("d1");
  REQUIRE(Ask<Policies>(officer, &Stub::GetPolicy, get, &got).ok());
  CHECK(got.text() == "text");
  REQUIRE(got.rendered_size() == 1);
  CHECK(got.rendered(0) == "1. Nothing leaves.");
}

TEST_CASE("triggers are applied, listed and tried out") {
  ApiServer server;
  using Triggers = v1::TriggerService;
  using Stub = v1::TriggerService::Stub;
  server.commands.triggers = {"dailies", "finals"};
  server.commands.test.matches = {{"dailies", "lon", "van", "proj", "a", "b", "review", true}};
  server.commands.test.notes = {"finals: the status is not final"};
  server.Write([&](pg::Tx& tx) {
    store::PutTriggerSet(tx, {"show", "text", {"dailies", "finals"}, "token:author", server.clock.Now()});
  });
  const auto author = server.WithToken(server.TokenFor("author", {"policy-author"}));
  v1::ApplyTriggersRequest apply;
  apply.set_name("show");
  apply.set_text("text");
  apply.set_validate_only(true);
  v1::ApplyTriggersResponse applied;
  REQUIRE(Ask<Triggers>(author, &Stub::ApplyTriggers, apply, &applied).ok());
  CHECK(applied.triggers_size() == 2);
  CHECK(server.commands.last_call() == "ApplyTriggers show text validate by token:author");

  v1::ListTriggersResponse list;
  REQUIRE(Ask<Triggers>(author, &Stub::ListTriggers, v1::ListTriggersRequest(), &list).ok());
  REQUIRE(list.sets_size() == 1);
  CHECK(list.sets(0).triggers(1) == "finals");

  v1::TestTriggersRequest test;
  test.set_source("demo");
  test.set_entity_type("version");
  test.set_entity_id("7");
  v1::TestTriggersResponse tested;
  REQUIRE(Ask<Triggers>(author, &Stub::TestTriggers, test, &tested).ok());
  REQUIRE(tested.matches_size() == 1);
  CHECK(tested.matches(0).destination_path() == "b");
  CHECK(tested.matches(0).exists());
  CHECK(tested.notes_size() == 1);
  CHECK(server.commands.last_call() == "TestTriggers demo version 7");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
