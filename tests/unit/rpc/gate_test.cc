#include "lib/rpc/gate.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "tests/unit/rpc/rpc_fixture.h"

namespace crossdock::rpc {
namespace {

class FixedClock : public base::Clock {
 public:
  base::Instant Now() const override { return now; }
  base::Steady MonotonicNow() const override { return {}; }
  base::Instant now = base::SystemClock().Now();
};

TEST_CASE("every method of a served service needs a rule, and every rule a method", "[gate]") {
  FakeAuthenticator authenticator;
  const FixedClock clock;
  const std::string events = "crossdock.studio.v1.EventService";
  const MethodRule publish{"/crossdock.studio.v1.EventService/PublishEvent", Permission::kPublishEvent};
  const MethodRule list{"/crossdock.studio.v1.EventService/ListEvents", Permission::kView};
  const MethodRule stale{"/crossdock.studio.v1.EventService/DropEvents", Permission::kView};
  CHECK(Gate({publish, list}, authenticator, clock).CheckCovers({events}).ok());
  CHECK_FALSE(Gate({publish}, authenticator, clock).CheckCovers({events}).ok());
  CHECK_FALSE(Gate({publish, list, stale}, authenticator, clock).CheckCovers({events}).ok());
  CHECK_FALSE(Gate({publish, list}, authenticator, clock).CheckCovers({"crossdock.NoSuchService"}).ok());
}

TEST_CASE("T-04: a certificate's dates count at each call, not only at the handshake", "[gate]") {
  FakeAuthenticator authenticator;
  FixedClock clock;
  const testing::TestCa ca;
  const std::string agent = ca.Issue({{"spiffe://test.studio/site/lon/agent/lon-1"}}).chain_pem;
  const Gate gate({{"/a/B", Permission::kAgent}}, authenticator, clock);
  CHECK(gate.Admit(PortKind::kAgents, "/a/B", agent, "").ok());
  clock.now += std::chrono::hours(2);
  CHECK(base::ReasonOf(gate.Admit(PortKind::kAgents, "/a/B", agent, "").status()) == "CERTIFICATE_EXPIRED");
}

TEST_CASE("a credential is verified once a call, though gate and handler both ask who it is", "[gate]") {
  Fixture studio;
  REQUIRE(studio.Publish(studio.ApiChannel("cdt_good"), std::chrono::seconds(20)).ok());
  studio.authenticator.asked = 0;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(studio.Publish(studio.ApiChannel("cdt_good"), std::chrono::seconds(20)).ok());
    CHECK(studio.events->last_subject == "token:hook");
  }
  CHECK(studio.authenticator.asked == 3);
}

TEST_CASE("what was found of one credential counts for no other, and not for long", "[gate]") {
  AdmittedCallers admitted;
  Caller ana;
  ana.subject = "user:ana";
  const base::Steady now{};
  const std::string key = AdmittedCallers::KeyOf("", "Bearer a", "");
  admitted.Put(key, ana, now);
  REQUIRE(admitted.Find(key, now).has_value());
  CHECK(admitted.Find(key, now)->subject == "user:ana");
  CHECK_FALSE(admitted.Find(AdmittedCallers::KeyOf("", "Bearer b", ""), now).has_value());
  CHECK_FALSE(admitted.Find(AdmittedCallers::KeyOf("Bearer a", "", ""), now).has_value());
  CHECK_FALSE(admitted.Find(AdmittedCallers::KeyOf("", "Bearer a", "acme"), now).has_value());
  CHECK_FALSE(admitted.Find(key, now + AdmittedCallers::kKeep).has_value());
}

TEST_CASE("whoever is bound to one client is refused what is not marked for them", "[gate]") {
  class BoundAuthenticator : public FakeAuthenticator {
   public:
    absl::StatusOr<Caller> ByToken(std::string_view secret) override {
      ASSIGN_OR_RETURN(Caller caller, FakeAuthenticator::ByToken(secret));
      caller.client = "northlight";
      return caller;
    }
  } authenticator;
  const FixedClock clock;
  const Gate gate({{"/a/Studio", Permission::kView},
                   {"/a/Own", Permission::kView, Bound::kOwn},
                   {"/a/Shared", Permission::kView, Bound::kShared}},
                  authenticator, clock);
  const auto ask = [&](const char* method) {
    return base::ReasonOf(gate.Admit(PortKind::kApi, method, "", "Bearer cdt_good").status());
  };
  CHECK(ask("/a/Studio") == "CLIENT_MISMATCH");
  CHECK(gate.Admit(PortKind::kApi, "/a/Own", "", "Bearer cdt_good").ok());
  CHECK(gate.Admit(PortKind::kApi, "/a/Shared", "", "Bearer cdt_good").ok());
}

TEST_CASE("a role of one client is held when acting for that client, and for nothing beyond it", "[gate]") {
  Caller ana;
  ana.subject = "user:ana";
  ana.roles = {Role::kViewer};
  ana.client_roles = {{Role::kOperator, "acme"}, {Role::kApprover, "northlight"}};
  const Caller plain = *ActingFor(ana, "");
  CHECK(plain.client.empty());
  CHECK(Holds(plain, Permission::kView));
  CHECK_FALSE(Holds(plain, Permission::kOperate));
  CHECK(plain.advice.find("--for") != std::string::npos);
  const Caller acme = *ActingFor(ana, "acme");
  CHECK(acme.client == "acme");
  CHECK(Holds(acme, Permission::kOperate));
  CHECK_FALSE(Holds(acme, Permission::kApprove));
  const Caller third = *ActingFor(ana, "third");
  CHECK(third.client == "third");
  CHECK_FALSE(Holds(third, Permission::kOperate));
}

TEST_CASE("whoever holds roles of one client alone acts for that one; a bound token for no other", "[gate]") {
  Caller ben;
  ben.client_roles = {{Role::kOperator, "acme"}, {Role::kViewer, "acme"}};
  CHECK(ActingFor(ben, "")->client == "acme");
  CHECK(Holds(*ActingFor(ben, ""), Permission::kOperate));
  ben.client_roles.push_back({Role::kViewer, "northlight"});
  CHECK(ActingFor(ben, "")->client.empty());
  CHECK_FALSE(Holds(*ActingFor(ben, ""), Permission::kView));
  Caller token;
  token.roles = {Role::kOperator};
  token.client = "acme";
  CHECK(ActingFor(token, "acme").ok());
  CHECK(base::ReasonOf(ActingFor(token, "northlight").status()) == "CLIENT_MISMATCH");
}

TEST_CASE("each role holds exactly what the table says", "[gate]") {
  const auto held_by = [](Role role) {
    std::string held;
    for (const Permission permission : kAllPermissions) held += Holds(role, permission) ? '1' : '.';
    return held;
  };
  // In the order of kAllPermissions: anonymous, agent, view, publish, request, operate, approve, audit, propose,
  // activate, roster, site, tokens, review.
  CHECK(held_by(Role::kViewer) == "1.1...........");
  CHECK(held_by(Role::kRequester) == "1.111.........");
  CHECK(held_by(Role::kOperator) == "1.1111........");
  CHECK(held_by(Role::kApprover) == "1.1...1.......");
  CHECK(held_by(Role::kAuditor) == "1.1....1.....1");
  CHECK(held_by(Role::kPolicyAuthor) == "1.1.....1.....");
  CHECK(held_by(Role::kPolicyApprover) == "1.1......1....");
  CHECK(held_by(Role::kRosterSigner) == "1.1.......1...");
  CHECK(held_by(Role::kSiteAdmin) == "1.1........1..");
  CHECK(held_by(Role::kIdentityAdmin) == "1...........11");
  for (const Role role : kAllRoles) CHECK(RoleOf(RoleName(role)) == role);
}

TEST_CASE("a name in a certificate is one of ours in every part, or refused", "[gate]") {
  for (const char* good : {"spiffe://demo.studio/site/lon/agent/lon-1", "spiffe://demo.studio/site/lon/relay/r1",
                           "spiffe://demo.studio/orchestrator/o1", "spiffe://demo.studio/user/sam"}) {
    const auto id = ParseSpiffeId(good);
    REQUIRE(id.ok());
    CHECK(FormatSpiffeId(*id) == good);
  }
  for (const char* bad :
       {"", "spiffe://", "spiffe://d/site/lon/agent/", "spiffe://d/site//agent/x", "spiffe://d/site/lon/agent/x/y",
        "spiffe://d/site/lon/agent/X", "spiffe://d/site/lon/agent/a b", "spiffe://d/site/lon/printer/x",
        "https://d/user/sam", "spiffe://d/user", "spiffe://d/site/lon/agent/a%2fb"}) {
    INFO(bad);
    CHECK_FALSE(ParseSpiffeId(bad).ok());
  }
}

}  // namespace
}  // namespace crossdock::rpc
