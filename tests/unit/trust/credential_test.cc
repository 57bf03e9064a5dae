#include "lib/trust/credential.h"

#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/trust/reasons.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::trust {
namespace {

const base::Instant kNow = At("2027-01-15T10:00:00Z");

std::string Verify(const Credential& credential, const Roster& roster = ExampleRoster(), base::Instant now = kNow) {
  return base::ReasonOf(VerifyAgentCredential(credential.grant, credential.identity, roster, now).status());
}

Roster RosterWith(std::string_view from, std::string_view to) {
  return *Roster::Parse(Replaced(ExampleRosterBody(), from, to), "test");
}

TEST_CASE("an agent is believed long after its grant has expired") {
  const Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  const absl::StatusOr<VerifiedAgent> agent =
      VerifyAgentCredential(credential.grant, credential.identity, ExampleRoster(), kNow);
  REQUIRE(agent.ok());
  CHECK(agent->agent == "lon-1");
  CHECK(agent->site == "lon");
  CHECK(agent->identity_key == TestKey("lon-1").Public());
  CHECK(agent->tls_spki == TestDigest("lon-1 tls"));
}

TEST_CASE("T-47: an identity made outside its grant's hour is refused") {
  AgentIdentity late = ExampleIdentity();
  late.made = At("2026-11-20T11:00:30Z");
  CHECK(Verify(SignCredential(ExampleGrant(), late)) == kGrantExpired);
  late.made = At("2026-11-20T11:00:29Z");
  CHECK(Verify(SignCredential(ExampleGrant(), late)).empty());
  late.made = At("2026-11-20T09:59:29Z");
  CHECK(Verify(SignCredential(ExampleGrant(), late)) == kGrantExpired);
  CHECK(Verify(SignCredential(ExampleGrant(), ExampleIdentity()), ExampleRoster(), At("2026-11-20T10:04:00Z")) ==
        kTimeInFuture);
}

TEST_CASE("only a site admin of that site admits an agent") {
  CHECK(Verify(SignCredential(ExampleGrant(), ExampleIdentity(), "eve")) == kSignatureInvalid);
  CHECK(Verify(SignCredential(ExampleGrant(), ExampleIdentity(), "olga")) == kSignatureInvalid);
  CHECK(Verify(SignCredential(ExampleGrant(), ExampleIdentity()), RosterWith("sites: [lon, van]", "sites: [van]")) ==
        kSiteAdminUnknown);
  JoinGrant grant = ExampleGrant();
  grant.site = "mtl";
  CHECK(Verify(SignCredential(grant, ExampleIdentity())) == kSiteUnknown);
}

TEST_CASE("an admin who left keeps the agents admitted before") {
  const Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  CHECK(Verify(credential, RosterWith("sites: [lon, van]", "sites: [lon, van], until: \"2026-11-21T00:00:00Z\""))
            .empty());
  CHECK(Verify(credential, RosterWith("sites: [lon, van]", "sites: [lon, van], until: \"2026-11-20T10:00:00Z\"")) ==
        kSiteAdminUnknown);
}

TEST_CASE("an identity belongs to exactly one grant and site") {
  Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  JoinGrant other = ExampleGrant();
  other.nonce = "1111222233334444";
  credential.grant = SignCredential(other, ExampleIdentity()).grant;
  CHECK(Verify(credential) == kGrantMismatch);
  AgentIdentity elsewhere = ExampleIdentity();
  elsewhere.site = "van";
  CHECK(Verify(SignCredential(ExampleGrant(), elsewhere)) == kGrantMismatch);
}

TEST_CASE("an identity needs the enrolment key's signature and its own") {
  Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  const std::string text = SignedStatement::Parse(credential.identity)->statement();
  credential.identity = SignedStatement::Sign(text, TestKey("enrolment")).Format();
  CHECK(Verify(credential) == kSignatureInvalid);
  credential.identity = SignedStatement::Sign(text, TestKey("lon-1")).Format();
  CHECK(Verify(credential) == kSignatureInvalid);
}

TEST_CASE("what the officers deny is refused: the admin, the token, the agent, its TLS key") {
  const Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  for (const std::string& denied : {base::KeyId(TestKey("sam").Public()), base::KeyId(TestKey("enrolment").Public()),
                                    base::KeyId(TestKey("lon-1").Public()), TestDigest("lon-1 tls")}) {
    INFO(denied);
    CHECK(Verify(credential, RosterWith("denied: []", base::StrCat("denied: [\"", denied, "\"]"))) == kKeyDenied);
  }
}

TEST_CASE("T-47: a grant for longer than an hour cannot be signed") {
  JoinGrant grant = ExampleGrant();
  grant.not_after = grant.not_before + kJoinGrantMax;
  CHECK(Encode(grant).ok());
  grant.not_after += std::chrono::seconds(1);
  CHECK(base::ReasonOf(Encode(grant).status()) == kStatementMalformed);
}

TEST_CASE("a relay is believed when a site admin of its site says so") {
  const auto verify = [](const RelayStatement& relay, std::string_view signer, const Roster& roster) {
    const std::string text = SignedStatement::Sign(*Encode(relay), TestKey(signer)).Format();
    return base::ReasonOf(VerifyRelay(text, roster, kNow).status());
  };
  CHECK(verify(ExampleRelay(), "sam", ExampleRoster()).empty());
  CHECK(verify(ExampleRelay(), "olga", ExampleRoster()) == kSignatureInvalid);
  CHECK(verify(ExampleRelay(), "sam", RosterWith("denied: []", "denied: [\"" + TestDigest("lon-r1 tls") + "\"]")) ==
        kKeyDenied);
  RelayStatement relay = ExampleRelay();
  relay.added = kNow + std::chrono::minutes(1);
  CHECK(verify(relay, "sam", ExampleRoster()) == kTimeInFuture);
}

TEST_CASE("a relay takes keys from its own site admin and denials from the ticket key, never older ones") {
  const base::Instant now = At("2026-11-21T00:00:00Z");
  const std::string keys = SignedStatement::Sign(*Encode(ExampleRelayKeys()), TestKey("sam")).Format();
  const base::PublicKey sam = TestKey("sam").Public();
  CHECK(VerifyRelayKeys(keys, sam, 2, now).ok());
  CHECK(base::ReasonOf(VerifyRelayKeys(keys, sam, 3, now).status()) == kNumberTooOld);
  CHECK(base::ReasonOf(VerifyRelayKeys(keys, TestKey("eve").Public(), 2, now).status()) == kSignatureInvalid);
  CHECK(base::ReasonOf(VerifyRelayKeys(keys, sam, 2, At("2026-12-20T10:00:00Z")).status()) == kKeysExpired);
  const std::string deny = SignedStatement::Sign(*Encode(ExampleRelayDeny()), TestKey("tickets")).Format();
  const base::PublicKey tickets = TestKey("tickets").Public();
  CHECK(VerifyRelayDeny(deny, tickets, 4, now).ok());
  CHECK(base::ReasonOf(VerifyRelayDeny(deny, tickets, 5, now).status()) == kNumberTooOld);
  CHECK(base::ReasonOf(VerifyRelayDeny(deny, sam, 4, now).status()) == kSignatureInvalid);
}

TEST_CASE("an agent signs receipts for itself alone") {
  const VerifiedAgent agent{"van-1", "van", TestKey("van-1").Public(), "", "", ""};
  const auto verify = [&](const Receipt& receipt, std::string_view signer) {
    return base::ReasonOf(
        VerifyReceipt(SignedStatement::Sign(*Encode(receipt), TestKey(signer)).Format(), agent).status());
  };
  CHECK(verify(ExampleReceipt(), "van-1").empty());
  CHECK(verify(ExampleReceipt(), "lon-1") == kSignatureInvalid);
  Receipt other = ExampleReceipt();
  other.agent = "van-2";
  CHECK(verify(other, "van-1") == kReceiptMismatch);
}

}  // namespace
}  // namespace crossdock::trust
