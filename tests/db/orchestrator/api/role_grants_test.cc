// Roles that people are given: by whom, to whom, until when, and what they open.
#include "catch2/catch.hpp"
#include "crossdock/admin/v1/access.grpc.pb.h"
#include "orchestrator/engine/access.h"
#include "orchestrator/store/evidence.h"
#include "tests/support/api_server.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = admin::v1;
using Roles = v1::RoleService;
using RoleStub = v1::RoleService::Stub;
using Reviews = v1::AccessReviewService;
using ReviewStub = v1::AccessReviewService::Stub;
using std::chrono::hours;
using testing::ApiServer;
using testing::Ask;

constexpr char kRoster[] = R"(schema: crossdock/roster/v1
number: 1
expires: "2035-01-01T00:00:00Z"
trust_domain: test.studio
threshold: 1
officers: [{name: olga, key: "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}]
site_admins: []
sites: [{id: lon, country: GB}, {id: van, country: CA}]
approvers: []
paths: []
people: [{person: ada}, {person: ben, names: [ben-laptop]}, {person: eve}, {person: aud}]
denied: []
)";

// Ada is everything by her certificate; ben and eve are only what they are given; aud reviews.
class Studio {
 public:
  Studio() {
    server.Write([&](pg::Tx& tx) { store::InsertRoster(tx, {1, kRoster, "signed"}, server.clock.Now()); });
    for (const std::string name : {"ben", "ben-laptop", "eve", "aud"})
      server.ca.IssueTo(server.directory, name, "spiffe://test.studio/user/" + name);
  }
  rpc::ChannelOptions As(const std::string& name) { return server.WithCertificate(name == "ada" ? "user" : name); }
  v1::GrantRoleRequest Wanted(const std::string& person, const std::string& role, const std::string& client = "") {
    v1::GrantRoleRequest request;
    request.set_person(person);
    request.set_role(role);
    request.set_client(client);
    request.set_reason("show NL");
    SetTime(server.clock.Now() + hours(24), request.mutable_expires());
    return request;
  }
  static void SetTime(base::Instant at, google::protobuf::Timestamp* out) {
    out->set_seconds(std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count());
  }
  absl::Status Grant(const std::string& by, const v1::GrantRoleRequest& request, std::string* id = nullptr) {
    v1::GrantRoleResponse response;
    const absl::Status status = Ask<Roles>(As(by), &RoleStub::GrantRole, request, &response);
    if (id != nullptr) *id = response.grant().grant();
    return status;
  }
  // Straight into the database, so that what a test needs is there at once.
  std::string Given(const std::string& person, const std::string& role, const std::string& client = "",
                    const std::string& by = "olga") {
    RoleGrant grant;
    grant.id = base::NewId(server.random, "g");
    grant.person = person;
    grant.role = role;
    grant.client = client;
    grant.granted_by = by;
    grant.granted = server.clock.Now();
    grant.expires = grant.granted + hours(24);
    server.Write([&](pg::Tx& tx) { store::InsertRoleGrant(tx, grant); });
    return grant.id;
  }
  std::string StateOfGrant(const std::string& id) {
    std::string state;
    server.Write([&](pg::Tx& tx) { state = Name(StateOf(*store::GetRoleGrant(tx, id), server.clock.Now())); });
    return state;
  }
  std::vector<std::string> Audited() {
    std::vector<std::string> actions;
    server.Write([&](pg::Tx& tx) {
      for (const auto& record : store::ListAudit(tx, {}, std::nullopt, 1000))
        actions.push_back(record.action + " by " + record.actor);
    });
    return actions;
  }
  // As one who asks for the first time: nothing that was read earlier counts.
  std::vector<rpc::Role> RolesOf(const std::string& user) {
    DatabaseAuthenticator authenticator(server.database, server.clock, {});
    rpc::PeerCertificate certificate;
    certificate.id = *rpc::ParseSpiffeId("spiffe://test.studio/user/" + user);
    const auto caller = authenticator.ByCertificate(certificate);
    REQUIRE(caller.ok());
    return caller->roles;
  }
  engine::Access access() { return {server.database, server.clock, server.random}; }

  ApiServer server;
};

std::string ReasonOf(const absl::Status& status) { return std::string(base::ReasonOf(status)); }

TEST_CASE("a role opens what it opens, by whichever certificate its holder comes, and revoked it does not") {
  Studio studio;
  std::string id;
  const absl::Status granted = studio.Grant("ada", studio.Wanted("ben-laptop", "operator"), &id);
  INFO(granted.ToString());
  REQUIRE(granted.ok());
  CHECK(studio.RolesOf("ben") == std::vector<rpc::Role>{rpc::Role::kOperator});
  CHECK(studio.RolesOf("ben-laptop") == std::vector<rpc::Role>{rpc::Role::kOperator});
  CHECK(studio.RolesOf("eve").empty());

  v1::ListRoleGrantsResponse list;
  REQUIRE(Ask<Roles>(studio.As("ada"), &RoleStub::ListRoleGrants, v1::ListRoleGrantsRequest(), &list).ok());
  REQUIRE(list.grants_size() == 1);
  CHECK(list.grants(0).person() == "ben");
  CHECK(list.grants(0).granted_by() == "ada");
  CHECK(list.grants(0).state() == "live");

  v1::RevokeRoleRequest revoke;
  revoke.set_grant(id);
  v1::RevokeRoleResponse revoked;
  REQUIRE(Ask<Roles>(studio.As("ada"), &RoleStub::RevokeRole, revoke, &revoked).ok());
  CHECK(revoked.grant().state() == "revoked");
  CHECK(studio.RolesOf("ben").empty());
  REQUIRE(Ask<Roles>(studio.As("ada"), &RoleStub::ListRoleGrants, v1::ListRoleGrantsRequest(), &list).ok());
  CHECK(list.grants_size() == 0);
  CHECK(studio.Audited() == std::vector<std::string>{"role.granted by user:ada", "role.revoked by user:ada"});
  revoke.set_grant("g-none");
  CHECK(ReasonOf(Ask<Roles>(studio.As("ada"), &RoleStub::RevokeRole, revoke, &revoked)) == "ROLE_GRANT_UNKNOWN");
}

TEST_CASE("nobody gives a role to themselves, to nobody, for ever, twice, or through a token") {
  Studio studio;
  CHECK(ReasonOf(studio.Grant("ada", studio.Wanted("ada", "operator"))) == "TWO_PERSONS_NEEDED");
  CHECK(ReasonOf(studio.Grant("ada", studio.Wanted("mallory", "operator"))) == "PERSON_UNKNOWN");
  CHECK(ReasonOf(studio.Grant("ben", studio.Wanted("eve", "operator"))) == "PERMISSION_MISSING");
  v1::GrantRoleRequest request = studio.Wanted("ben", "operator");
  Studio::SetTime(studio.server.clock.Now() + hours(24 * 367), request.mutable_expires());
  CHECK(ReasonOf(studio.Grant("ada", request)) == "ROLE_GRANT_TIME");
  Studio::SetTime(studio.server.clock.Now() - hours(1), request.mutable_expires());
  CHECK(ReasonOf(studio.Grant("ada", request)) == "ROLE_GRANT_TIME");
  request.clear_expires();
  CHECK(rpc::FieldViolationsOf(studio.Grant("ada", request)).at(0).field == "expires");
  CHECK(rpc::FieldViolationsOf(studio.Grant("ada", studio.Wanted("ben", "root"))).at(0).field == "role");
  // What identity administrators do concerns the whole studio.
  CHECK(ReasonOf(studio.Grant("ada", studio.Wanted("ben", "identity-admin", "acme"))) == "ROLE_NOT_FOR_CLIENT");
  REQUIRE(studio.Grant("ada", studio.Wanted("ben", "operator")).ok());
  CHECK(ReasonOf(studio.Grant("ada", studio.Wanted("ben", "operator"))) == "ROLE_GRANT_EXISTS");
  v1::GrantRoleResponse response;
  CHECK(ReasonOf(Ask<Roles>(studio.server.WithToken(studio.server.TokenFor("ida", {"identity-admin"})),
                            &RoleStub::GrantRole, studio.Wanted("eve", "operator"), &response)) == "PERSON_NEEDED");
}

TEST_CASE("what one person does not hold together is refused when granting, and gives nothing when it comes about") {
  Studio studio;
  REQUIRE(studio.Grant("ada", studio.Wanted("ben", "approver")).ok());
  CHECK(ReasonOf(studio.Grant("ada", studio.Wanted("ben-laptop", "identity-admin"))) == "ROLE_EXCLUDED");
  // By the configuration eve is an approver; by a grant that nobody should have made, an identity administrator.
  studio.Given("eve", "identity-admin");
  DatabaseAuthenticator authenticator(studio.server.database, studio.server.clock,
                                      {{"spiffe://test.studio/user/eve", {rpc::Role::kApprover}}});
  rpc::PeerCertificate certificate;
  certificate.id = *rpc::ParseSpiffeId("spiffe://test.studio/user/eve");
  const auto eve = authenticator.ByCertificate(certificate);
  REQUIRE(eve.ok());
  CHECK(eve->roles == std::vector<rpc::Role>{rpc::Role::kApprover});
  CHECK(eve->advice.find("never identity-admin") != std::string::npos);
}

// Tells the time that a test says; what was read stays fresh.
class SetClock : public base::Clock {
 public:
  base::Instant Now() const override { return now; }
  base::Steady MonotonicNow() const override { return {}; }
  base::Instant now;
};

TEST_CASE("a grant gives nothing at the very instant of its end, though what was read of it is fresh") {
  Studio studio;
  const std::string id = studio.Given("ben", "operator");
  RoleGrant grant;
  studio.server.Write([&](pg::Tx& tx) { grant = *store::GetRoleGrant(tx, id); });
  SetClock clock;
  clock.now = grant.expires - std::chrono::microseconds(1);
  DatabaseAuthenticator authenticator(studio.server.database, clock, {});
  rpc::PeerCertificate certificate;
  certificate.id = *rpc::ParseSpiffeId("spiffe://test.studio/user/ben");
  CHECK(authenticator.ByCertificate(certificate)->roles == std::vector<rpc::Role>{rpc::Role::kOperator});
  clock.now = grant.expires;
  CHECK(authenticator.ByCertificate(certificate)->roles.empty());
}

TEST_CASE("a role of one client shows that client alone, and its holder says for which they act") {
  Studio studio;
  studio.server.Insert("t-acme", "acme");
  studio.server.Insert("t-north", "northlight");
  studio.Given("ben", "operator", "acme");
  studio.Given("ben", "viewer", "northlight");
  const auto channel = rpc::MakeChannel(studio.As("ben"));
  REQUIRE(channel.ok());
  const auto stub = studio::v1::TransferService::NewStub(*channel);
  const auto call = [&](const std::string& client, const auto& method, const auto& request, auto* response) {
    const auto context = rpc::CallWithin(std::chrono::seconds(20), true);
    if (!client.empty()) context->AddMetadata(rpc::kActingForHeader, client);
    return rpc::FromGrpc((stub.get()->*method)(context.get(), request, response));
  };
  using Stub = studio::v1::TransferService::Stub;
  studio::v1::ListTransfersResponse seen;
  const auto list = [&](const std::string& client) {
    return ReasonOf(call(client, &Stub::ListTransfers, studio::v1::ListTransfersRequest(), &seen));
  };
  CHECK(list("") == "PERMISSION_MISSING");
  REQUIRE(list("acme").empty());
  REQUIRE(seen.transfers_size() == 1);
  CHECK(seen.transfers(0).transfer() == "t-acme");
  REQUIRE(list("northlight").empty());
  REQUIRE(seen.transfers_size() == 1);
  CHECK(seen.transfers(0).transfer() == "t-north");
  CHECK(list("third") == "PERMISSION_MISSING");
  studio::v1::CancelTransferRequest cancel;
  studio::v1::CancelTransferResponse cancelled;
  const auto tries = [&](const std::string& client, const std::string& transfer) {
    cancel.set_transfer(transfer);
    cancel.set_reason("why");
    cancel.set_request_id("r-" + transfer + client);
    return ReasonOf(call(client, &Stub::CancelTransfer, cancel, &cancelled));
  };
  CHECK(tries("acme", "t-acme").empty());
  CHECK(tries("acme", "t-north") == "TRANSFER_UNKNOWN");
  CHECK(tries("northlight", "t-north") == "PERMISSION_MISSING");
}

TEST_CASE("in a review each grant is attested or suspended by its reviewer, and what nobody attested is suspended") {
  Studio studio;
  const std::string kept = studio.Given("ben", "operator", "", "ada"),
                    ended = studio.Given("eve", "operator", "", "ada"),
                    missed = studio.Given("eve", "viewer", "", "ada");
  v1::OpenAccessReviewRequest open;
  Studio::SetTime(studio.server.clock.Now() + hours(24), open.mutable_ends());
  v1::OpenAccessReviewResponse opened;
  REQUIRE(Ask<Reviews>(studio.As("ada"), &ReviewStub::OpenAccessReview, open, &opened).ok());
  CHECK(ReasonOf(Ask<Reviews>(studio.As("ada"), &ReviewStub::OpenAccessReview, open, &opened)) == "ACCESS_REVIEW_OPEN");

  const auto attest = [&](const std::string& by, const std::string& grant, bool suspend) {
    v1::AttestAccessRequest request;
    request.set_grant(grant);
    request.set_suspend(suspend);
    request.set_note("looked");
    v1::AttestAccessResponse response;
    return ReasonOf(Ask<Reviews>(studio.As(by), &ReviewStub::AttestAccess, request, &response));
  };
  CHECK(attest("ben", kept, false) == "PERMISSION_MISSING");
  CHECK(ReasonOf(engine::DecideAccess(studio.access(), "", kept, true, "", {"user:aud", "aud"})) == "REVIEWER_OTHER");
  CHECK(attest("ada", "g-none", false) == "ACCESS_REVIEW_ENTRY_UNKNOWN");
  CHECK(attest("ada", kept, false).empty());
  CHECK(attest("ada", ended, true).empty());
  CHECK(studio.StateOfGrant(ended) == "suspended");
  CHECK(attest("ada", ended, false) == "ROLE_GRANT_ENDED");
  CHECK(studio.StateOfGrant(missed) == "live");

  v1::CloseAccessReviewResponse closed;
  REQUIRE(Ask<Reviews>(studio.As("ada"), &ReviewStub::CloseAccessReview, v1::CloseAccessReviewRequest(), &closed).ok());
  CHECK(studio.StateOfGrant(kept) == "live");
  CHECK(studio.StateOfGrant(missed) == "suspended");
  CHECK(attest("ada", missed, false) == "ACCESS_REVIEW_CLOSED");
  v1::GetAccessReviewResponse shown;
  REQUIRE(Ask<Reviews>(studio.As("ada"), &ReviewStub::GetAccessReview, v1::GetAccessReviewRequest(), &shown).ok());
  REQUIRE(shown.entries_size() == 3);
  CHECK(shown.entries(0).decision() == "attested");
  CHECK(shown.entries(0).decided_by() == "user:ada");
  CHECK(shown.entries(2).note() == "nobody attested it");
  CHECK(studio.Audited() == std::vector<std::string>{"access_review.opened by user:ada", "role.attested by user:ada",
                                                     "role.suspended by user:ada", "role.suspended by user:ada",
                                                     "access_review.closed by user:ada"});
}

TEST_CASE("at a review's end what nobody attested gives nothing, before anybody writes that down, and after") {
  Studio studio;
  const std::string id = studio.Given("ben", "operator", "", "ada");
  const auto now = studio.server.clock.Now();
  REQUIRE(engine::OpenReview(studio.access(), now + hours(1), "", {"user:ada", "ada"}).ok());
  SetClock clock;
  DatabaseAuthenticator authenticator(studio.server.database, clock, {});
  rpc::PeerCertificate certificate;
  certificate.id = *rpc::ParseSpiffeId("spiffe://test.studio/user/ben");
  clock.now = now + hours(1) - std::chrono::microseconds(1);
  CHECK(authenticator.ByCertificate(certificate)->roles.size() == 1);
  clock.now = now + hours(1);
  CHECK(authenticator.ByCertificate(certificate)->roles.empty());
  REQUIRE(engine::CloseOverdueReview(studio.server.database, now + hours(1) - std::chrono::microseconds(1)).ok());
  CHECK(studio.StateOfGrant(id) == "live");
  REQUIRE(engine::CloseOverdueReview(studio.server.database, now + hours(2)).ok());
  CHECK(studio.StateOfGrant(id) == "suspended");
  CHECK(studio.Audited().back() == "access_review.closed by orchestrator");
}

TEST_CASE("nobody reviews what they hold themselves") {
  Studio studio;
  const std::string of_ada = studio.Given("ada", "operator", "", "olga");
  const std::string of_ben = studio.Given("ben", "operator", "", "ada");
  REQUIRE(engine::OpenReview(studio.access(), studio.server.clock.Now() + hours(1), "ada", {"user:ada", "ada"}).ok());
  studio.server.Write([&](pg::Tx& tx) {
    for (const auto& entry : store::AccessReviewEntries(tx, store::OpenAccessReview(tx)->id))
      CHECK(entry.reviewer == (entry.grant.id == of_ada ? "olga" : "ada"));
  });
  REQUIRE(engine::CloseReview(studio.access(), "", {"user:ada", "ada"}).ok());
  // Who gave it has left, and nobody else is there to ask.
  studio.Given("ada", "viewer", "", "gone");
  CHECK(ReasonOf(engine::OpenReview(studio.access(), studio.server.clock.Now() + hours(1), "", {"user:ada", "ada"})
                     .status()) == "REVIEWER_MISSING");
}

}  // namespace
}  // namespace crossdock::orchestrator::api
