// An agent believes two persons of its own roster, not what an orchestrator says that they said.
#include <array>
#include <memory>

#include "agent/trust/warrant.h"
#include "catch2/catch.hpp"
#include "lib/base/status.h"
#include "lib/policy/parse.h"
#include "lib/trust/break_glass.h"
#include "tests/support/temp_tree.h"
#include "tests/unit/trust/roster_examples.h"

namespace crossdock::agent {
namespace {

using namespace trust;  // NOLINT: the examples
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using std::chrono::hours;

const base::Instant kNow = At("2026-11-20T12:00:00Z");
constexpr char kTransfer[] = "tr-0123456789abcdef";

constexpr std::string_view kPolicy = R"yaml(schema: crossdock/policy/v1
id: northlight
title: "An embargo"
applies_to: {client: northlight}
valid: {from: 2026-01-01, review_by: 2027-12-31}
break_glass: {from: [group:show-production, group:content-security], notify: [client:northlight/desk]}
rules:
  - {id: N-02, effect: forbid, reason: "Embargo", when: {}}
  - {id: N-10, effect: allow, when: {}, require: {approvals: none}}
)yaml";

class FixedClock : public base::Clock {
 public:
  explicit FixedClock(base::Instant now) : now_(now) {}
  base::Instant Now() const override { return now_; }
  base::Steady MonotonicNow() const override { return base::Steady(); }

 private:
  const base::Instant now_;
};

// Raj has two keys, so that one person can sign twice.
std::string Body() {
  return Replaced(ExampleRosterBody(), base::StrCat("\"", KeyText("raj"), "\""),
                  base::StrCat("\"", KeyText("raj"), "\", \"", KeyText("raj again"), "\""));
}

template <typename Kind>
std::string Signed(const Kind& statement, std::initializer_list<std::string_view> signers) {
  std::vector<base::PrivateKey> keys;
  for (const std::string_view signer : signers) keys.push_back(TestKey(signer));
  return SignedStatement::Sign(*Encode(statement), keys).Format();
}

BreakGlass Glass() {
  BreakGlass glass = ExampleBreakGlass();
  glass.bytes = 12;
  glass.classification = "internal";
  glass.policy = policy::Parse(kPolicy, "test")->digest;
  return glass;
}

// What van's agent is told to receive from lon, with this break-glass.
Task Receiving(const std::string& break_glass) {
  PolicyActivation activation = ExampleActivation();
  activation.digest = policy::Parse(kPolicy, "test")->digest;
  MoveTask move;
  move.source = {"proj", "northlight/ep07/sh010", {}};
  move.destination = {"proj", "northlight/ep07/sh010", {}};
  move.listing = TestDigest("listing");
  move.files = 240;
  move.bytes = 12;
  RelayStatement relay = ExampleRelay();
  relay.site = "van";
  move.route.relay_statement = Signed(relay, {"sam"});
  const Credential credential = SignCredential(ExampleGrant(), ExampleIdentity());
  move.peer = {credential.identity, credential.grant};
  move.warrant.policies = {{std::string(kPolicy), Signed(activation, {"olga"})}};
  move.warrant.client = "northlight";
  move.warrant.source_site = "lon";
  move.warrant.destination_site = "van";
  move.warrant.break_glass = break_glass;
  return {"receive/1", kTransfer, move};
}

absl::StatusOr<Warranted> Asked(const std::string& break_glass, base::Instant now = kNow) {
  test::TempTree tree;
  const std::string body = Body();
  REQUIRE(TrustStore::Create(tree.root(), Roster::Parse(body, "test")->Root(), body, SignRoster(body, {"olga"}), kNow)
              .ok());
  const std::unique_ptr<TrustStore> store = *TrustStore::Open(tree.root());
  const FixedClock clock(now);
  const Task task = Receiving(break_glass);
  return WarrantCheck("van", *store, clock).Check(task, std::get<MoveTask>(task.work));
}
std::string Refusal(const std::string& break_glass, base::Instant now = kNow) {
  const absl::Status status = Asked(break_glass, now).status();
  return status.ok() ? "" : base::StrCat(base::ReasonOf(status), " ", base::ToStd(status.message()));
}

TEST_CASE("an agent moves what two persons of its roster let through, and only until they said") {
  CHECK_THAT(Refusal(""), StartsWith("CLEARANCE_DENIED"));
  const auto warranted = Asked(Signed(Glass(), {"paula", "raj"}));
  INFO(warranted.status());
  REQUIRE(warranted.ok());
  CHECK(warranted->until == Glass().not_after);
}

TEST_CASE("T-27: an agent refuses a break-glass that an orchestrator has forged") {
  const auto refused = [](const char* reason, const std::string& text, base::Instant now = kNow) {
    CHECK_THAT(Refusal(text, now), StartsWith("CLEARANCE_DENIED") && Contains(reason));
  };
  refused("BREAK_GLASS_UNSIGNED", Signed(Glass(), {"paula"}));
  refused("BREAK_GLASS_ONE_PERSON", Signed(Glass(), {"raj", "raj again"}));
  refused("APPROVER_UNKNOWN", Signed(Glass(), {"paula", "eve"}));
  refused("BREAK_GLASS_EXPIRED", Signed(Glass(), {"paula", "raj"}), Glass().not_after);
  BreakGlass other = Glass();
  other.transfer = "tr-another";
  refused("TRANSFER_MISMATCH", Signed(other, {"paula", "raj"}));
  refused("SIGNATURE_INVALID", Replaced(Signed(other, {"paula", "raj"}), "tr-another", kTransfer));
  other = Glass();
  other.policy = TestDigest("a policy that lets everybody");
  refused("POLICY_CHANGED", Signed(other, {"paula", "raj"}));
}

}  // namespace
}  // namespace crossdock::agent
